// One target of a service: its transport and what is known of its health. A target that could not be reached
// is left out for a short time that doubles up to four seconds, so that a sound one is always used again
// within five.

import type { Transport } from './transport.ts';

const restMsMin = 500;
const restMsMax = 4000;

export class UpstreamTarget {
  readonly origin: string;
  readonly transport: Transport;
  /** Requests under way, bodies of answers included. */
  active = 0;
  /** What the active health check last said. */
  isHealthy = true;
  #restUntilMs = 0;
  #restMs = 0;

  constructor(origin: string, transport: Transport) {
    this.origin = origin;
    this.transport = transport;
  }

  isUsable(nowMs: number): boolean {
    return this.isHealthy && nowMs >= this.#restUntilMs;
  }

  noteUnreachable(nowMs: number): void {
    // Many requests fail at once: they count as one failure, or the rest would grow with the load.
    if (nowMs < this.#restUntilMs) return;
    this.#restMs = Math.min(Math.max(this.#restMs * 2, restMsMin), restMsMax);
    this.#restUntilMs = nowMs + this.#restMs;
  }

  noteReached(): void {
    this.#restMs = 0;
    this.#restUntilMs = 0;
  }
}
