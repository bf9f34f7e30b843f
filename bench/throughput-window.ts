// One window of login-throughput.ts and audit-cost.ts, a process of its own: right logins or refreshes at an auth service,
// or the bare hash function, as many side by side as told, counted from after a short run to warm up. The client is a socket that writes the same
// bytes again and again and reads no more of an answer than it must: it takes part of the machine it measures.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { hash, verify } from '@node-rs/argon2';

export type WindowOrder = {
  readonly seconds: number;
  readonly atOnce: number;
  readonly password: string;
} & (
  | { readonly kind: 'bare'; readonly memoryKib: number; readonly passes: number }
  | { readonly kind: 'login' | 'refresh'; readonly port: number; readonly emails: readonly string[] }
);

export type WindowReport = { readonly done: number; readonly seconds: number };

const order = JSON.parse(process.argv[2] ?? '') as WindowOrder;
const warmUpMs = 1000;
const argon2id = 2; // the package's enum has no value at run time

async function makeBareRun(): Promise<() => Promise<void>> {
  if (order.kind !== 'bare') throw new Error('not this kind of window');
  const { memoryKib, passes, password } = order;
  const parameters = { algorithm: argon2id, memoryCost: memoryKib, timeCost: passes, parallelism: 1 };
  const known = await hash(password, parameters);
  return async () => {
    if (!(await verify(known, password))) throw new Error('the password was not taken');
  };
}

async function makeRequestRun(index: number): Promise<() => Promise<void>> {
  if (order.kind === 'bare') throw new Error('not this kind of window');
  const email = order.emails[index % order.emails.length];
  const login = encodeRequest('/auth/login', { email, password: order.password });
  const socket = connect(order.port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  const send = (request: Buffer) => {
    socket.write(request);
    return readAnswer(socket);
  };
  if (order.kind === 'login') {
    return async () => {
      await send(login);
    };
  }
  let token = readToken(await send(login));
  return async () => {
    token = readToken(await send(encodeRequest('/auth/refresh', { refresh_token: token })));
  };
}

function encodeRequest(path: string, fields: object): Buffer {
  const body = JSON.stringify(fields);
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}

function readToken(answer: string): string {
  return /"refresh_token":"([^"]+)"/.exec(answer)![1]!;
}

/** The whole answer. @throws {Error} when it is no 200. */
function readAnswer(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', function take(chunk: Buffer) {
      text += chunk.toString('latin1');
      const headEnd = text.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
      if (text.length < headEnd + 4 + length) return;
      socket.off('data', take);
      if (text.startsWith('HTTP/1.1 200 ')) resolve(text);
      else reject(new Error(text));
    });
  });
}

const runs = await Promise.all(
  Array.from({ length: order.atOnce }, (_, i) => (order.kind === 'bare' ? makeBareRun() : makeRequestRun(i))),
);
const startMs = performance.now() + warmUpMs;
const endMs = startMs + order.seconds * 1000;
let done = 0;
await Promise.all(
  runs.map(async (run) => {
    while (performance.now() < endMs) {
      await run();
      const nowMs = performance.now();
      if (nowMs >= startMs && nowMs <= endMs) done += 1;
    }
  }),
);
const report: WindowReport = { done, seconds: order.seconds };
process.send?.(report, () => process.exit());
