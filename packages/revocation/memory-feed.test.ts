import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { createMemoryFeed } from './memory-feed.ts';
import type { Revocation } from './revocation.ts';

test('every follower has heard before publish gives back its promise', async () => {
  const feed = createMemoryFeed();
  const heard: (readonly Revocation[])[] = [];
  await feed.start((revocations) => heard.push(revocations));
  await feed.start((revocations) => heard.push(revocations));
  const published: Revocation[] = [{ kind: 'session', id: uuidV7(1), notBefore: 1, until: 2 }];
  const promise = feed.publish(published);
  assert.deepEqual(heard, [published, published]);
  await promise;
  assert.equal(feed.silentMs(), 0);
});
