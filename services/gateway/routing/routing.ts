// The snapshot in force, and its replacement by a changed gateway.yaml: whole or not at all. Requests under
// way keep the snapshot they began with; services that did not change keep their connections.

import type { Log } from '@pi-gateway/log/log.ts';
import { checkGatewayConfig } from './check-config.ts';
import { openSnapshot, type Snapshot, type SnapshotOptions } from './snapshot.ts';

export type Reload =
  | { readonly kind: 'applied' | 'unchanged'; readonly hash: string }
  | { readonly kind: 'refused'; readonly errors: readonly string[] };

export type RoutingOptions = SnapshotOptions & {
  readonly path: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly onReload: (kind: Reload['kind']) => void;
};

export class Routing {
  current: Snapshot;
  /** The file as it is now is not in force: the one before goes on. */
  isRefused = false;
  readonly #options: RoutingOptions;

  /** @throws {Error} with one line a problem, when the file can't be read or is wrong. */
  constructor(options: RoutingOptions) {
    this.#options = options;
    const checked = checkGatewayConfig(options.path, options.variables);
    if (checked.kind === 'invalid') throw new Error(checked.errors.join('\n'));
    this.current = openSnapshot(checked.config, options);
  }

  /** Never throws: whatever is wrong, the routes before go on. */
  reload(): Reload {
    const { log, onReload } = this.#options;
    const result = this.#reload();
    this.isRefused = result.kind === 'refused';
    onReload(result.kind);
    if (result.kind === 'refused') {
      log.error({ errors: result.errors }, 'gateway.yaml is refused; the routes before it go on');
    } else if (result.kind === 'applied') log.info({ config_hash: result.hash }, 'gateway.yaml is in force');
    return result;
  }

  async close(): Promise<void> {
    for (const issuer of this.current.issuers.values()) issuer.close();
    await Promise.all([...this.current.services.values()].map((service) => service.destroy()));
  }

  #reload(): Reload {
    const { path, variables } = this.#options;
    try {
      const checked = checkGatewayConfig(path, variables);
      if (checked.kind === 'invalid') return { kind: 'refused', errors: checked.errors };
      const { hash } = checked.config;
      const before = this.current;
      if (hash === before.hash) return { kind: 'unchanged', hash };
      // Services that are gone are let go of, not closed: a request that began before may yet have to be sent, or
      // sent again. Their idle connections close by themselves.
      this.current = openSnapshot(checked.config, this.#options, before);
      const issuers = new Set(this.current.issuers.values());
      for (const issuer of before.issuers.values()) if (!issuers.has(issuer)) issuer.close();
      return { kind: 'applied', hash };
    } catch (error) {
      // Such as a file that the configuration names, which was there a moment ago.
      return { kind: 'refused', errors: [`${path}: ${(error as Error).message}`] };
    }
  }
}
