// Keeps the targets of a service in step with DNS: every address of a name is a target of its own, a new one as soon
// as it takes connections, one that is gone from the answer no longer. An answer that fails or is empty changes
// nothing. Until the first answer a name is looked up for each connection, so that no request waits for this.

import { checkTarget } from './check-targets.ts';
import type { LookUp } from './look-up.ts';
import { nameOf, readPlace } from './place.ts';
import type { Upkeep } from './service-upkeep.ts';
import type { UpstreamService } from './upstream-service.ts';

export type NameEvent = {
  readonly service: string;
  readonly name: string;
  /** undefined: it can be looked up again. */
  readonly error: unknown;
};

/** A name with more addresses than that is used with the first of them. */
const addressesMax = 64;

export type NameWitness = {
  /** Of every look-up that failed. */
  readonly onFailure: (service: string) => void;
  /** Of the first one of a row, and of its end. */
  readonly onChange: (event: NameEvent) => void;
};

export function nameFollower(lookUp: LookUp, { onFailure, onChange }: NameWitness): Upkeep {
  return (service) => {
    const stops = service.config.targets.flatMap(({ origin }) => {
      const name = nameOf(readPlace(origin)!);
      if (name === undefined) return [];
      let isFailing = false;
      const refresh = async () => {
        try {
          const addresses = await lookUp(name);
          if (addresses.length === 0) throw new Error('no address');
          service.setAddresses(origin, addresses.slice(0, addressesMax));
          if (isFailing) onChange({ service: service.config.name, name, error: undefined });
          isFailing = false;
        } catch (error) {
          onFailure(service.config.name);
          if (!isFailing) onChange({ service: service.config.name, name, error });
          isFailing = true;
        }
        await proveNew(service, origin);
      };
      return [repeat(refresh, service.config.dnsRefreshMs)];
    });
    return () => {
      for (const stop of stops) stop();
    };
  };
}

/** With a health path its own checks do that, as often as they run. */
async function proveNew(service: UpstreamService, origin: string): Promise<void> {
  const fresh = service.targets.filter((target) => target.origin === origin && !target.isHealthy);
  await Promise.all(fresh.map((target) => checkTarget(service, target)));
}

/** At once, and then again and again; never two at a time. */
function repeat(work: () => Promise<void>, everyMs: number): () => void {
  let isBusy = false;
  const run = (): void => {
    if (isBusy) return;
    isBusy = true;
    void work().finally(() => (isBusy = false));
  };
  run();
  const timer = setInterval(run, everyMs).unref();
  return () => clearInterval(timer);
}
