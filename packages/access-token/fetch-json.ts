// Asks a server for a JSON document, the key set above all. I/O only: what it means is judged by others, and its
// cost is bounded in time and bytes. On node:http rather than fetch, which would load a second HTTP client into
// the process for one request every few seconds. Always the whole document: a key set is under 1 KiB, which is
// not worth a conditional request.

import { type Agent, get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';

export type FetchJsonOptions = {
  readonly headers?: Readonly<Record<string, string>>;
  /** The longest body that is read, 256 KiB when not given. */
  readonly bytesMax?: number;
  /** How to get there; a connection of its own when not given. */
  readonly agent?: Agent;
};

const timeoutMs = 5000;

/**
 * The JSON behind an http or https URL.
 * @throws {Error} when it cannot be reached, or does not answer within 5 s and with a 200 of JSON in bounds.
 */
export async function fetchJson(url: string, options: FetchJsonOptions = {}): Promise<unknown> {
  const { headers = {}, bytesMax = 256 * 1024, agent = false } = options;
  const answer = await ask(url, headers, agent);
  try {
    if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new Error(`${url} answered more than ${bytesMax} bytes`);
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } finally {
    answer.destroy();
  }
}

/** The head of the answer. Redirects are not followed: a key set is where we were told it is. */
function ask(
  url: string,
  headers: Readonly<Record<string, string>>,
  agent: Agent | false,
): Promise<IncomingMessage> {
  const get = url.startsWith('https:') ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    const options = {
      headers: { accept: 'application/json', ...headers },
      agent,
      signal: AbortSignal.timeout(timeoutMs),
    };
    get(url, options, resolve).on('error', reject);
  });
}
