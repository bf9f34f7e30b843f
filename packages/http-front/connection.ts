// What the front remembers of a connection, kept on the socket itself: a WeakMap look-up for each request costs more.

import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

const key = Symbol('front connection');

export type Connection = {
  /** Set once an answer ends this connection: whatever is pipelined behind it is not handled. */
  isClosing: boolean;
  /** The request just being announced asked for an upgrade that was declined. */
  isUpgradeDeclined: boolean;
  /** The newest answer that is not finished yet; older ones are ahead of it in Node's queue. */
  pending: ServerResponse | undefined;
};

type FrontSocket = Duplex & { [key]?: Connection };

/** The state of a connection; made at the first call. */
export function connectionOf(socket: Duplex): Connection {
  return ((socket as FrontSocket)[key] ??= {
    isClosing: false,
    isUpgradeDeclined: false,
    pending: undefined,
  });
}
