// Where auth is asked for keys and revocations: the targets of the service named `auth`, or AUTH_URL when the
// file has none. The one that answered last is asked first.

import { type FetchJsonOptions, fetchJson } from '@pi-gateway/access-token/fetch-json.ts';
import { authServiceName } from '../routing/auth-service.ts';
import type { Service } from '../routing/route.ts';
import { noTlsFiles } from '../upstreams/client-tls.ts';
import type { Connector } from '../upstreams/connector.ts';
import { ConnectorAgent } from '../upstreams/connector-agent.ts';
import { connectorOpener } from '../upstreams/open-link.ts';

type AuthService = Pick<Service, 'targets' | 'timeouts' | 'tls'>;

export class AuthOrigins {
  #connectors: readonly Connector[] = [];
  readonly #unnamed: AuthService;
  readonly #onStaleTls: (error: unknown) => void;

  /** `onStaleTls`: renewed files of auth's `tls` cannot be used. */
  constructor(authUrl: string, onStaleTls: (error: unknown) => void) {
    const timeouts = { connectMs: 1000, headersMs: 0, idleMs: 0, totalMs: undefined, tunnelIdleMs: 0 };
    this.#unnamed = { targets: [{ origin: authUrl, weight: 1 }], tls: noTlsFiles, timeouts };
    this.#onStaleTls = onStaleTls;
    this.follow(new Map());
  }

  /** Takes over the targets of a configuration. */
  follow(services: ReadonlyMap<string, AuthService>): void {
    const service = services.get(authServiceName) ?? this.#unnamed;
    try {
      const open = connectorOpener(service, this.#onStaleTls);
      this.#connectors = service.targets.map((target) => open(target));
    } catch (error) {
      this.#onStaleTls(error);
    }
  }

  /** The one that answered last. */
  get current(): Connector {
    return this.#connectors[0]!;
  }

  /** @throws {Error} of the last origin, when none answers. */
  async fetch(path: string, options?: FetchJsonOptions): Promise<unknown> {
    let failure: unknown;
    for (const connector of this.#connectors) {
      try {
        const agent = new ConnectorAgent(connector);
        const json = await fetchJson(`http://${connector.authority}${path}`, { ...options, agent });
        this.#connectors = [connector, ...this.#connectors.filter((other) => other !== connector)];
        return json;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
