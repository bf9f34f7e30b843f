// The id that an answer, a service's request and the log line have in common: a UUIDv7, so that ids sort by
// time.

import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';

export function newRequestId(): string {
  return uuidV7(Math.floor((performance.timeOrigin + performance.now()) * 1000));
}
