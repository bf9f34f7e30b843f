// For tests: speaks HTTP in raw bytes, for a client library would mend or refuse the very bytes that matter.

import assert from 'node:assert/strict';
import { connect } from 'node:net';

export type Answer = {
  readonly status: number;
  /** Lower-case names; a repeated one is joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

const deadlineMs = 5000;

/**
 * Writes the chunks, one after the other, and gives back all bytes (latin1) that came until the server closed.
 * A server that does not close within five seconds fails the test; a reset after the last byte does not.
 */
export function exchange(port: number, ...chunks: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(`not closed within ${deadlineMs} ms; so far: ${JSON.stringify(received.slice(0, 500))}`),
      );
    }, deadlineMs);
    socket.setEncoding('latin1');
    socket.on('data', (data: string) => {
      received += data;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
    socket.on('connect', () => {
      let next = 0;
      const writeNext = (): void => {
        const chunk = chunks[next++];
        if (chunk !== undefined && socket.writable)
          socket.write(chunk, 'latin1', () => setImmediate(writeNext));
      };
      writeNext();
    });
  });
}

function readChunked(text: string, from: number): { body: string; end: number } {
  let body = '';
  let at = from;
  for (;;) {
    const line = /^([0-9a-f]+)\r\n/i.exec(text.slice(at, at + 20));
    assert.ok(line, `no chunk size at ${JSON.stringify(text.slice(at, at + 40))}`);
    const size = Number.parseInt(line[1]!, 16);
    at += line[0].length;
    body += text.slice(at, at + size);
    at += size + 2;
    assert.equal(text.slice(at - 2, at), '\r\n');
    if (size === 0) return { body, end: at };
  }
}

/** Splits what a server sent into whole answers and asserts that every byte belongs to one. None is to a HEAD. */
export function readAnswers(text: string): Answer[] {
  const answers: Answer[] = [];
  let at = 0;
  while (at < text.length) {
    const headEnd = text.indexOf('\r\n\r\n', at);
    assert.notEqual(headEnd, -1, `no whole head in ${JSON.stringify(text.slice(at, at + 200))}`);
    const [statusLine = '', ...lines] = text.slice(at, headEnd).split('\r\n');
    const status = /^HTTP\/1\.1 ([1-5][0-9]{2}) [^\r\n]*$/.exec(statusLine);
    assert.ok(status, `bad status line ${JSON.stringify(statusLine)}`);
    const headers: Record<string, string> = Object.create(null) as Record<string, string>;
    for (const line of lines) {
      const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ ]?([^\r\n]*)$/.exec(line);
      assert.ok(field, `bad header line ${JSON.stringify(line)}`);
      const name = field[1]!.toLowerCase();
      headers[name] = name in headers ? `${headers[name]}, ${field[2]}` : field[2]!;
    }
    at = headEnd + 4;
    let body = '';
    if (Number(status[1]) >= 200) {
      if (headers['transfer-encoding'] === 'chunked') ({ body, end: at } = readChunked(text, at));
      else if (headers['content-length'] === undefined) {
        assert.equal(headers.connection, 'close', 'an answer without an end');
        body = text.slice(at);
        at = text.length;
      } else {
        const length = headers['content-length'];
        assert.match(length, /^[0-9]+$/);
        body = text.slice(at, at + Number(length));
        assert.equal(body.length, Number(length), 'a truncated answer');
        at += body.length;
      }
    }
    answers.push({ status: Number(status[1]), headers, body });
  }
  return answers;
}

/** Asserts that an answer is our problem document in every member and header, whoever gave it. */
export function assertProblem(answer: Answer | undefined, status: number, code: string): void {
  assert.ok(answer, 'no answer at all');
  assert.equal(`${answer.status} ${answer.headers['content-type']}`, `${status} application/problem+json`);
  const problem = JSON.parse(Buffer.from(answer.body, 'latin1').toString()) as Record<string, unknown>;
  assert.deepEqual(Object.keys(problem), ['type', 'title', 'status', 'detail', 'code', 'request_id']);
  assert.equal(problem.code, code);
  assert.equal(problem.status, status);
  assert.equal(problem.type, `urn:pi-gateway:problem:${code}`);
  assert.equal(answer.headers['x-request-id'], problem.request_id);
  assert.equal(answer.headers['cache-control'], 'no-store');
}
