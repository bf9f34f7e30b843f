// Tells the gateways over Redis, before the command ends. Without Redis they learn of it by polling auth.

import { createLog } from '@pi-gateway/log/log.ts';
import { createRedisPublisher } from '@pi-gateway/revocation/redis-feed.ts';
import type { Revocation } from '@pi-gateway/revocation/revocation.ts';

export async function publishRevocations(
  redisUrl: string | undefined,
  revocations: readonly Revocation[],
): Promise<void> {
  if (redisUrl === undefined || revocations.length === 0) return;
  const publisher = createRedisPublisher(redisUrl, createLog({ service: 'pi', level: 'error' }));
  try {
    await publisher.connected();
    await publisher.publish(revocations);
  } finally {
    await publisher.close();
  }
}
