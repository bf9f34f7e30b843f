// limit: when the event loop is behind with its work, the less important routes are refused first, before anything is
// spent on their requests. Nothing of a refused request has been done, so that it may safely be sent again.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';
import type { LoadShedder } from '../limits/load-shedder.ts';

export type LoadDeps = {
  /** How late the event loop is, now. */
  readonly loopLagMs: () => number;
  readonly shedder: LoadShedder;
};

/** @throws {AppError} overloaded. */
export function limitLoad(x: Exchange, { shedder, loopLagMs }: LoadDeps): void {
  // The gateway's own routes state none: health, keys and discovery are what others decide by.
  const { priority = 'critical' } = x.route!;
  if (!shedder.sheds(priority, loopLagMs())) return;
  x.reason = 'shed';
  throw new AppError('overloaded');
}
