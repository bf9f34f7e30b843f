// One target of a service: its transport, its requests under way and what is known of its health.

import type { Transport } from '../proxy/transport.ts';
import type { Target } from '../routing/route.ts';
import type { Candidate } from './balance.ts';
import type { CircuitBreaker, Pass } from './circuit-breaker.ts';
import type { Connector } from './connector.ts';
import type { Link } from './open-link.ts';

export class UpstreamTarget implements Candidate {
  /** As in gateway.yaml: the name in log and metrics. */
  readonly origin: string;
  /** Where its name leads; undefined: an address itself, a socket, or a name that was not looked up yet. */
  readonly address: string | undefined;
  readonly weight: number;
  readonly transport: Transport;
  readonly connector: Connector;
  readonly breaker: CircuitBreaker;
  /** Requests under way, bodies of answers included. */
  active = 0;
  credit = 0;
  /** What the last check of it said. */
  isHealthy = true;

  constructor(
    { origin, weight }: Target,
    { transport, connector }: Link,
    breaker: CircuitBreaker,
    address?: string,
  ) {
    this.origin = origin;
    this.address = address;
    this.weight = weight;
    this.transport = transport;
    this.connector = connector;
    this.breaker = breaker;
  }

  isUsable(nowMs: number): boolean {
    return this.isHealthy && this.breaker.mayTry(nowMs);
  }

  /** A request is sent; `end` has to follow. */
  begin(): Pass {
    this.active += 1;
    return this.breaker.begin();
  }

  end(pass: Pass): void {
    this.active -= 1;
    this.breaker.end(pass);
  }
}
