// Keeps a flood of refusals from filling the disk: of one kind and key the first events of a window are written,
// as many as a person makes; the next one after them tells how many were left out before it. Bounded in keys; per
// process.

export type EventSampler = {
  /** Undefined: leave this event out. Else how many were left out since the last one was written. */
  sample(key: string): { readonly suppressed: number } | undefined;
};

const windowMs = 60_000;
const perWindowMax = 20;
const keysMax = 10_000;

type Window = { endsAt: number; written: number; suppressed: number };

export function createEventSampler(now: () => number = () => performance.now()): EventSampler {
  const windows = new Map<string, Window>();
  return {
    sample(key) {
      const at = now();
      const window = windows.get(key);
      if (window !== undefined && at < window.endsAt) {
        if (window.written < perWindowMax) {
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
    },
  };
}
