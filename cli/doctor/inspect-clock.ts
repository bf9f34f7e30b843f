// This machine's clock against the database's. Auth issues by the database's, gateways verify by their own, with
// CLOCK_SKEW_SECONDS of leeway.

import { describeFailure } from '../cli-error.ts';
import type { Io } from '../io.ts';
import { withDatabase } from '../with-database.ts';
import type { Finding } from './finding.ts';

const part = 'clock';
const warnSeconds = 1;

export async function inspectClock(io: Io): Promise<Finding> {
  try {
    return await withDatabase(io, async (db, { clockSkewSeconds }) => {
      const read = () =>
        db.query<{ now: number }>({
          name: 'read-clock',
          text: 'select micros(clock_timestamp()) as now',
          values: [],
        });
      await read(); // so that connecting is not measured
      const beforeMs = Date.now();
      const [row] = await read();
      const localMs = (beforeMs + Date.now()) / 2;
      return judgeClock((localMs - row!.now / 1000) / 1000, clockSkewSeconds);
    });
  } catch (error) {
    return { part, state: 'fail', detail: describeFailure(error).message };
  }
}

/** `aheadSeconds`: of the database's; below 0: behind it. */
export function judgeClock(aheadSeconds: number, clockSkewSeconds: number): Finding {
  const apart = Math.abs(aheadSeconds);
  const figures = { ahead_seconds: Math.round(aheadSeconds * 1000) / 1000 };
  if (apart < warnSeconds) return { part, state: 'ok', detail: "in step with the database's", figures };
  const detail = `${apart.toFixed(1)} s ${aheadSeconds > 0 ? 'ahead of' : 'behind'} the database's: keep both by NTP`;
  if (apart <= clockSkewSeconds) return { part, state: 'warn', detail, figures };
  return {
    part,
    state: 'fail',
    detail: `${detail}; beyond CLOCK_SKEW_SECONDS=${clockSkewSeconds} a gateway here refuses good tokens`,
    figures,
  };
}
