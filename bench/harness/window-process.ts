// The process of one window (window.ts): right logins, registrations or refreshes at an auth service, or the bare hash
// function, as many side by side as told, counted from after a short run to warm up. The client is a socket that reads no
// more of an answer than it must: it takes part of the machine it measures.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { hash, verify } from '@node-rs/argon2';
import { benchPassword } from './bench-password.ts';

type Parameters = { readonly memoryKib: number; readonly passes: number };

export type WindowOrder = { readonly seconds: number; readonly atOnce: number } & (
  | ({ readonly kind: 'verify' | 'hash' } & Parameters)
  | { readonly kind: 'login' | 'refresh'; readonly port: number; readonly emails: readonly string[] }
  | { readonly kind: 'register'; readonly port: number }
);

export type WindowReport = { readonly done: number; readonly seconds: number };

type Run = () => Promise<void>;

const order = JSON.parse(process.argv[2] ?? '') as WindowOrder;
const warmUpMs = 1000;
const argon2id = 2; // the package's enum has no value at run time

async function makeRun(index: number): Promise<Run> {
  switch (order.kind) {
    case 'verify':
    case 'hash':
      return makeBareRun(order.kind, order);
    case 'register': {
      const send = await openConnection(order.port);
      return async () => {
        const email = `${randomBytes(8).toString('hex')}@example.com`;
        await send('/auth/register', { email, password: benchPassword });
      };
    }
    case 'login':
    case 'refresh': {
      const send = await openConnection(order.port);
      const login = { email: order.emails[index % order.emails.length], password: benchPassword };
      if (order.kind === 'login') {
        return async () => {
          await send('/auth/login', login);
        };
      }
      let token = readToken(await send('/auth/login', login));
      return async () => {
        token = readToken(await send('/auth/refresh', { refresh_token: token }));
      };
    }
    default:
      return order satisfies never;
  }
}

async function makeBareRun(kind: 'verify' | 'hash', { memoryKib, passes }: Parameters): Promise<Run> {
  const parameters = { algorithm: argon2id, memoryCost: memoryKib, timeCost: passes, parallelism: 1 };
  const known = await hash(benchPassword, parameters);
  return async () => {
    if (kind === 'hash') await hash(benchPassword, parameters);
    else if (!(await verify(known, benchPassword))) throw new Error('the password was not taken');
  };
}

async function openConnection(port: number): Promise<(path: string, fields: object) => Promise<string>> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  return (path, fields) => {
    const body = JSON.stringify(fields);
    const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json`;
    socket.write(`${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    return readAnswer(socket);
  };
}

function readToken(answer: string): string {
  return /"refresh_token":"([^"]+)"/.exec(answer)![1]!;
}

/** The whole answer. @throws {Error} when it is neither a 200 nor a 201. */
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
      if (/^HTTP\/1\.1 20[01] /.test(text)) resolve(text);
      else reject(new Error(text));
    });
  });
}

const runs = await Promise.all(Array.from({ length: order.atOnce }, (_, index) => makeRun(index)));
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
