// node:http over a connector: for the gateway's own questions to a service, which take the way that requests take
// (TLS with its files, a unix socket). URLs for it begin with `http:` in any case; TLS is the connector's business.

import { Agent, type AgentOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Connector } from './connector.ts';

export class ConnectorAgent extends Agent {
  readonly #connector: Connector;

  constructor(connector: Connector, options: AgentOptions = {}) {
    super(options);
    this.#connector = connector;
  }

  // Node calls it with what it would connect to, and waits for the callback when nothing is returned.
  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#connector.connect('http/1.1', (error, socket) => callback?.(error, socket as Duplex));
  }
}
