// The one end of an exchange, whatever became of it: what it held is given back, and it is recorded.

import type { Exchange } from './exchange.ts';
import type { Recorder } from './steps/record-exchange.ts';

export function endExchange(x: Exchange, recorder: Recorder): void {
  x.permit?.release();
  recorder.record(x);
}
