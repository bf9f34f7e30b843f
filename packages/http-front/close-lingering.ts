// Closing so that the last answer arrives: FIN first, then what the client still sends is read and thrown away for
// a moment. Closing at once with bytes unread makes the kernel send a reset, which may overtake the answer
// (RFC 9112 section 9.6).

import type { Socket } from 'node:net';

const lingerMs = 1000;

const discard = (): void => {};

/** Ends the writable side after all that is written, discards input for at most a second, then destroys. */
export function closeLingering(socket: Socket): void {
  if (socket.destroyed || socket.writableEnded) return;
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
  // Taking the data from Node's HTTP parser: nothing behind the last answer is parsed any more.
  socket.removeAllListeners('data');
  socket.on('data', discard);
  socket.resume();
  socket.end();
}
