// The head of a request as the text that is written at once. Whatever could end a line, and with it begin another
// field or another request, is refused: CR, LF, NUL, and characters whose low byte would be one of them.

import assert from 'node:assert/strict';
import type { UpstreamRequest } from '../proxy/transport.ts';

// RFC 9110 section 8.6: these are expected to carry a body, and say so when they carry none. A server may take the
// body of another method for the next request, so nothing follows one on its connection.
const expectsBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']);

export class RequestHead {
  readonly text: string;
  /** Bytes; -1 where the body goes in chunks. */
  readonly contentLength: number;
  /** False: nothing may follow on the connection. */
  readonly keepsAlive: boolean;

  constructor(text: string, contentLength: number, keepsAlive: boolean) {
    this.text = text;
    this.contentLength = contentLength;
    this.keepsAlive = keepsAlive;
  }
}

const methodForm = /^[!#$%&'*+.^_`|~0-9A-Z-]+$/;
const targetForm = /^[!-~\x80-\xff]+$/;
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/;
const lengthForm = /^(?:0|[1-9][0-9]{0,14})$/;

/**
 * @param host the value of the Host field.
 * @throws {AssertionError} for what no caller may hand in: it was to be refused before it came here.
 */
export function encodeRequest(request: UpstreamRequest, host: string): RequestHead {
  const { method, path, headers, body } = request;
  assert(methodForm.test(method) && targetForm.test(path) && headers.length % 2 === 0, 'no request line');
  // A server that sends a body along with an answer to HEAD would send it in front of the next answer.
  const keepsAlive = !request.upgrade && method !== 'HEAD' && (body === undefined || expectsBody.has(method));
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`;
  if (request.upgrade) text += 'connection: upgrade\r\nupgrade: websocket\r\n';
  else text += keepsAlive ? 'connection: keep-alive\r\n' : 'connection: close\r\n';
  let contentLength = -1;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    const value = headers[i + 1]!;
    assert(valueForm.test(value), `the value of ${name} is none`);
    if (fieldKindOf(name) === fieldKinds.contentLength) {
      assert(contentLength === -1 && lengthForm.test(value), 'no one length');
      contentLength = Number(value);
    }
    text += `${name}: ${value}\r\n`;
  }
  if (body === undefined) {
    assert(contentLength <= 0, 'a length without a body');
    if (contentLength === -1 && expectsBody.has(method)) text += 'content-length: 0\r\n';
  } else if (contentLength === -1) text += 'transfer-encoding: chunked\r\n';
  return new RequestHead(`${text}\r\n`, contentLength, keepsAlive);
}

const fieldKinds = { ordinary: 0, contentLength: 1 } as const;
type FieldKind = (typeof fieldKinds)[keyof typeof fieldKinds];

const nameForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** They concern the connection, which is the client's own, or are answered in a way that it does not wait for. */
const ownNames = new Set(['host', 'connection', 'keep-alive', 'upgrade', 'transfer-encoding', 'expect']);

// Clients choose names, so what is remembered is bounded.
const namesMax = 2000;
const nameLengthMax = 64;
const known = new Map<string, FieldKind>();

function fieldKindOf(name: string): FieldKind {
  const remembered = known.get(name);
  if (remembered !== undefined) return remembered;
  const lower = name.toLowerCase();
  assert(nameForm.test(name) && !ownNames.has(lower), 'a field that is not the caller\u2019s to send');
  const kind = lower === 'content-length' ? fieldKinds.contentLength : fieldKinds.ordinary;
  if (known.size < namesMax && name.length <= nameLengthMax) known.set(name, kind);
  return kind;
}
