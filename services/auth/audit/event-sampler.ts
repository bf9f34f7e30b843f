// Keeps a flood of refusals from filling the disk: of one kind and key the first events of a window are written,
// as many as a person makes, and of one network as many as a crowd makes behind one address, whatever its keys; the
// next one after them tells how many were left out before it. Bounded in keys; per process.

export type EventSampler = {
  /** Undefined: leave this event out. Else how many were left out since the last one was written. */
  sample(key: string, network: string): { readonly suppressed: number } | undefined;
};

const windowMs = 60_000;
const perKeyMax = 20;
const perNetworkMax = 500;
const keysMax = 10_000;

type Window = { endsAt: number; written: number; suppressed: number };

export function createEventSampler(now: () => number = () => performance.now()): EventSampler {
  const byKey = createWindows(perKeyMax, now);
  const byNetwork = createWindows(perNetworkMax, now);
  return {
    sample(key, network) {
      const ofKey = byKey(key);
      const ofNetwork = ofKey && byNetwork(network);
      return ofNetwork && { suppressed: ofKey.suppressed + ofNetwork.suppressed };
    },
  };
}

function createWindows(writtenMax: number, now: () => number) {
  const windows = new Map<string, Window>();
  return (key: string): { readonly suppressed: number } | undefined => {
    const at = now();
    const window = windows.get(key);
    if (window !== undefined && at < window.endsAt) {
      if (window.written < writtenMax) {
        window.written++;
        return { suppressed: 0 };
      }
      window.suppressed++;
      return undefined;
    }
    windows.delete(key); // to the end of the map: the first key is the one opened longest ago
    windows.set(key, { endsAt: at + windowMs, written: 1, suppressed: 0 });
    const oldest = windows.keys().next().value;
    if (windows.size > keysMax && oldest !== undefined) windows.delete(oldest);
    return { suppressed: window?.suppressed ?? 0 };
  };
}
