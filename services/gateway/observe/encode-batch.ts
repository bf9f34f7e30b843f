// Refusals as one request to auth: as many of the first ones as its body may hold.

import { type ReportedRefusal, reportBytesMax } from '@pi-gateway/gateway-link/refusal-report.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';

export type Batch = { readonly body: string; readonly count: number };

const refusalsMax = 500;

/** Takes them out of `waiting`, which holds one at the least. A single one always fits. */
export function encodeBatch(waiting: ReportedRefusal[]): Batch {
  const head = `{"batch":"${uuidV7(Date.now() * 1000)}","refusals":[`;
  const taken: string[] = [];
  let bytes = head.length + 2;
  for (const refusal of waiting) {
    const text = JSON.stringify(refusal);
    bytes += Buffer.byteLength(text) + 1;
    if (taken.length > 0 && (bytes > reportBytesMax || taken.length === refusalsMax)) break;
    taken.push(text);
  }
  waiting.splice(0, taken.length);
  return { body: `${head}${taken.join(',')}]}`, count: taken.length };
}
