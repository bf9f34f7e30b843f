// One keep-alive HTTP/1.1 client for the proofs: lean, because it shares the machine with what it measures, and
// with both instants of each exchange, because it is those that the figures are made of.

import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** Where a service listens: a port of this machine or a unix socket. */
export type Target = { readonly host: string; readonly port: number } | { readonly socketPath: string };

export type Answer = {
  readonly status: number;
  /** `x-refresh-outcome`. */
  readonly outcome: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
  /** By `performance.now()`. */
  readonly sentMs: number;
  readonly answeredMs: number;
};

export type Call = {
  readonly method?: string;
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Called when the kept connection was closed before a byte of an answer came: who closes one that is idle cannot know
   * that something is on its way to it. The request is then sent once more, over a new connection.
   */
  readonly onClosed?: () => void;
};

export type Tokens = { readonly access_token: string; readonly refresh_token: string };

const agent = new Agent({ keepAlive: true, maxSockets: 2_000, maxFreeSockets: 2_000 });
const timeoutMs = 15_000;

/** Resolves with every answer; rejects only when none came. */
export function send(target: Target, call: Call): Promise<Answer> {
  return sendBy(agent, target, call);
}

function sendBy(by: Agent | false, target: Target, call: Call): Promise<Answer> {
  const { method = 'GET', path, token, body, headers: more, onClosed } = call;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...(text === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...more,
  };
  return new Promise((resolve, reject) => {
    const sentMs = performance.now();
    let isAnswered = false;
    const asked = request({ ...target, agent: by, method, path, headers, timeout: timeoutMs }, (answer) => {
      isAnswered = true;
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => {
        const answeredMs = performance.now();
        const json = Buffer.concat(chunks).toString();
        const outcome = answer.headers['x-refresh-outcome'];
        resolve({
          status: answer.statusCode ?? 0,
          outcome: typeof outcome === 'string' ? outcome : undefined,
          headers: answer.headers,
          body: json === '' ? {} : (JSON.parse(json) as Record<string, unknown>),
          sentMs,
          answeredMs,
        });
      });
    });
    asked.once('timeout', () =>
      asked.destroy(new Error(`no answer to ${method} ${path} in ${timeoutMs} ms`)),
    );
    // Not once: a connection may fail again after its request has.
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const isClosed = by !== false && asked.reusedSocket && error.code === 'ECONNRESET' && !isAnswered;
      if (!isClosed || onClosed === undefined) return reject(error);
      onClosed();
      resolve(sendBy(false, target, call));
    });
    asked.end(text);
  });
}
