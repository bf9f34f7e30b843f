// Where auth is asked for keys and revocations: the targets of the service named `auth`, or AUTH_URL when the
// file has none. The one that answered last is asked first.

import { type FetchJsonOptions, fetchJson } from '@pi-gateway/access-token/fetch-json.ts';
import { authServiceName } from '../routing/auth-service.ts';
import type { Service } from '../routing/route.ts';

export class AuthOrigins {
  #origins: readonly string[];
  readonly #authUrl: string;

  constructor(authUrl: string) {
    this.#authUrl = authUrl;
    this.#origins = [authUrl];
  }

  /** Takes over the targets of a configuration. */
  follow(services: ReadonlyMap<string, Pick<Service, 'targets'>>): void {
    const targets = services.get(authServiceName)?.targets;
    this.#origins = targets?.map(({ origin }) => origin) ?? [this.#authUrl];
  }

  /** The one that answered last. */
  get current(): string {
    return this.#origins[0] ?? this.#authUrl;
  }

  /** @throws {Error} of the last origin, when none answers. */
  async fetch(path: string, options?: FetchJsonOptions): Promise<unknown> {
    let failure: unknown;
    for (const origin of this.#origins) {
      try {
        const json = await fetchJson(`${origin}${path}`, options);
        this.#origins = [origin, ...this.#origins.filter((other) => other !== origin)];
        return json;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
