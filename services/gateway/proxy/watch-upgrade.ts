// A socket that asks for an upgrade is read by nobody until the service has answered, so Node would not notice that
// its client has left. Here its end is looked for without taking what the client may send ahead.

import type { Socket } from 'node:net';

/**
 * Destroys the socket when the client ends before the upgrade is answered: a client that closes its sending side has
 * left. What is sent ahead stays in the socket, up to its own bound; an end behind such bytes is seen when they are read.
 * @returns what ends the watch; the socket is then to be read by somebody else
 */
export function watchUpgrade(socket: Socket): () => void {
  const look = () => void socket.read(0); // takes nothing, and tells of the end
  const leave = () => socket.destroy();
  socket.on('readable', look);
  socket.on('end', leave);
  return () => {
    socket.off('readable', look);
    socket.off('end', leave);
  };
}
