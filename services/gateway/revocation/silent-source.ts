// The feed of a gateway that has none (no Redis, no auth in the same process): always silent, so that auth is
// asked each second instead.

import type { RevocationSource } from '@pi-gateway/revocation/revocation.ts';

export function createSilentSource(): RevocationSource {
  return {
    start: () => Promise.resolve(),
    silentMs: () => Number.POSITIVE_INFINITY,
    close: () => Promise.resolve(),
  };
}
