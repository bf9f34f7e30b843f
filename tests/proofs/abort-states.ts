// The states that a request can be in when its client leaves, or its service does: what the client sends, and by what is
// seen that all of a crowd are in it.

import type { Seen } from './abort-service.ts';

/** What has happened since a crowd came. */
export type Since = Seen & {
  /** Clients that were sent at least a byte. */
  readonly heard: number;
  /** Clients whose connection was ended by the gateway. */
  readonly ended: number;
  /** Streams in HTTP/2. */
  readonly streams: number;
};

export type AbortState = {
  readonly name: string;
  /** Requests for `/ok` that each client has answered before. */
  readonly oksBefore?: number;
  /** `id` is another one for each client. */
  readonly send: (id: string) => string | readonly (string | Buffer)[];
  /** How many of a crowd are in this state. Undefined: nobody can see it but the gateway, which reads what came in order. */
  readonly arrived?: (since: Since) => number;
  /** Megabytes have to pass for each, so a tenth has to do. */
  readonly isCostly?: true;
  /** The client does not read. */
  readonly isDeaf?: true;
};

export const get = (path: string, ...fields: readonly string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: aborts.test', ...fields, '', ''].join('\r\n');
const post = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nHost: aborts.test\r\nContent-Length: ${length}\r\n\r\n`;
const upgrade = ['Connection: Upgrade', 'Upgrade: websocket'];
const heads = (since: Since) => since.heads;
const heard = (since: Since) => since.heard;
const streams = (since: Since) => since.streams;
// One for all clients, so that it costs this process nothing.
const much = Buffer.alloc(32 * 1024 * 1024, 'x');

export const abortStates: readonly AbortState[] = [
  { name: 'in its head', send: () => 'GET /silent HTTP/1.1\r\nHost: abo' },
  { name: 'refused, with its body to come', send: () => post('/private', 100), arrived: heard },
  { name: 'while its limit is looked up', send: () => get('/limited/silent') },
  {
    name: 'while the service is connected to',
    send: () => get('/tls/silent'),
    arrived: (since) => since.hellos,
  },
  {
    name: 'before the first byte of its body',
    send: () => post('/silent', 100),
    arrived: (since) => since.connections,
  },
  {
    name: 'in its body',
    send: () => [post('/silent', 100), 'x'],
    arrived: (since) => since.bodyBytes,
  },
  {
    name: 'in its body, which the service does not read',
    send: () => [post('/deaf', much.length), much],
    arrived: heads,
    isCostly: true,
  },
  { name: 'while it waits for the head', send: () => get('/silent'), arrived: heads },
  {
    name: 'while it is sent a second time',
    // Each request pays for a fifth of a retry, this one too.
    oksBefore: 4,
    send: (id) => get(`/again/${id}`),
    arrived: heads,
  },
  { name: 'in the answer', send: () => get('/part'), arrived: heard },
  {
    name: 'in the answer, which it does not read',
    send: () => get('/full'),
    arrived: heard,
    isDeaf: true,
    isCostly: true,
  },
  { name: 'with its next request sent', send: () => get('/silent') + get('/silent'), arrived: heads },
  { name: 'while it waits for its upgrade', send: () => get('/silent', ...upgrade), arrived: heads },
  { name: 'with its WebSocket open', send: () => get('/socket', ...upgrade), arrived: heard },
  { name: 'left by the service before an answer', send: () => get('/reset'), arrived: heard },
  { name: 'left by the service in its answer', send: () => get('/cut'), arrived: (since) => since.ended },
  { name: 'in HTTP/2: while it waits for the head', send: () => get('/h2/silent'), arrived: streams },
  { name: 'in HTTP/2: in the answer', send: () => get('/h2/part'), arrived: heard },
];
