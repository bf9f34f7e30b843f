// The client's side of bodies that no memory holds: read and written over a bare socket, with one buffer for all.

import { connect, type Socket } from 'node:net';

/** A slow side pauses for so long behind so many bytes. */
export const pauseBytes = 1024 * 1024;
export const pauseMs = 10;

const readBuffer = Buffer.allocUnsafe(256 * 1024);
const piece = Buffer.alloc(64 * 1024, 'x');
const silenceMs = 30_000;

export type Transfer = {
  readonly port: number;
  readonly bytes: number;
  /** The one who takes the bytes: the client of a download, the service of an upload. */
  readonly isSlow: boolean;
  readonly isChunked: boolean;
};

/** Resolves with the bytes of the answer, head and framing included, once the connection has ended. */
export function download({ port, bytes, isSlow, isChunked }: Transfer): Promise<number> {
  const framing = isChunked ? 'chunked' : 'length';
  let [received, sincePause] = [0, 0];
  const socket = connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer: readBuffer,
      callback(length) {
        received += length;
        sincePause += length;
        if (!isSlow || sincePause < pauseBytes) return true;
        sincePause = 0;
        setTimeout(() => socket.resume(), pauseMs);
        socket.pause();
        return false;
      },
    },
  });
  socket.write(
    `GET /stream/down?bytes=${bytes}&framing=${framing} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`,
  );
  return ended(socket, () => received);
}

/** Resolves with the text of the answer. */
export function upload({ port, bytes, isSlow, isChunked }: Transfer): Promise<string> {
  let answer = '';
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('data', (text: Buffer) => (answer += text.toString('latin1')));
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`;
  socket.write(
    `POST /stream/up?slow=${isSlow ? 1 : 0} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n${framing}\r\n\r\n`,
  );
  let left = bytes;
  const send = (): void => {
    while (left > 0 && socket.writable) {
      const next = left < piece.length ? piece.subarray(0, left) : piece;
      left -= next.length;
      if (isChunked) socket.write(`${next.length.toString(16)}\r\n`);
      let goesOn = socket.write(next);
      if (isChunked) goesOn = socket.write('\r\n');
      if (goesOn) continue;
      socket.once('drain', send);
      return;
    }
    if (isChunked) socket.write('0\r\n\r\n');
  };
  send();
  return ended(socket, () => answer);
}

function ended<T>(socket: Socket, read: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(silenceMs, () => socket.destroy(new Error('no byte moved for too long')));
    socket.on('error', reject);
    socket.on('close', () => resolve(read()));
  });
}
