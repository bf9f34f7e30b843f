// Open WebSockets: bytes both ways between two raw sockets, with back-pressure and half-close. The gateway
// keeps a list of them, because a token that dies must take its open connections with it.

import type { Socket } from 'node:net';
import type { Principal } from '../principal.ts';

/** After one side has ended, the other has this long to end as well. */
const halfClosedMs = 5000;
const keepAliveProbeMs = 30_000;

export type TunnelOptions = {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Whose connection it is; undefined on public routes. */
  readonly principal: Principal | undefined;
  /** Which key signed the token. */
  readonly kid: string | undefined;
  /** The longest silence in both directions. */
  readonly idleMs: number;
};

export class Tunnels {
  readonly #open = new Map<Socket, TunnelOptions>();
  #isClosed = false;

  get size(): number {
    return this.#open.size;
  }

  open(options: TunnelOptions): void {
    const { client, upstream, idleMs } = options;
    this.#open.set(client, options);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.setKeepAlive(true, keepAliveProbeMs);
      from.setNoDelay(true);
      // Bytes either way count as life: node restarts a socket's timer on reads and writes.
      from.setTimeout(idleMs, () => from.destroy());
      from.on('error', () => {});
      from.on('end', () => from.setTimeout(Math.min(idleMs, halfClosedMs)));
      from.on('close', () => {
        this.#open.delete(client);
        // What was read already still goes out before the other side is closed.
        to.destroySoon();
      });
      from.pipe(to);
    }
    client.resume();
    if (this.#isClosed) this.closeAll();
  }

  /** Ends those whose token is dead by now. */
  sweep(isAlive: (principal: Principal, kid: string | undefined) => boolean): void {
    for (const { client, upstream, principal, kid } of this.#open.values()) {
      if (principal === undefined || isAlive(principal, kid)) continue;
      client.destroy();
      upstream.destroy();
    }
  }

  /** Ends all, and at once those that services accept from now on. */
  closeAll(): void {
    this.#isClosed = true;
    for (const { client, upstream } of this.#open.values()) {
      client.destroy();
      upstream.destroy();
    }
  }
}
