// For tests: a client to a port of this machine, with bounds that no test reaches by itself.

import { Connector } from '../../upstreams/connector.ts';
import { type Bounds, Http1Client } from '../http1-client.ts';

export type ClientOptions = Partial<Bounds & Http1Client['timeouts']>;

export function openClient(port: number, options: ClientOptions = {}): Http1Client {
  const {
    connectMs = 5000,
    headersMs = 5000,
    idleMs = 5000,
    connectionsMax = 100,
    waitingMax = 100,
  } = options;
  const place = { kind: 'tcp', isTls: false, host: '127.0.0.1', port, authority: 'a.example' } as const;
  const timeouts = { connectMs, headersMs, idleMs, totalMs: undefined, tunnelIdleMs: idleMs };
  return new Http1Client(new Connector({ place, connectMs }), timeouts, { connectionsMax, waitingMax });
}
