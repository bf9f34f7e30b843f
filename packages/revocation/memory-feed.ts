// The feed of the embedded run, where auth and gateway are one process: who published has been heard by every
// follower before `publish` resolves, so that a logout holds before it is answered.

import type { Revocation, RevocationPublisher, RevocationSource } from './revocation.ts';

export function createMemoryFeed(): RevocationPublisher & RevocationSource {
  const followers: ((revocations: readonly Revocation[]) => void)[] = [];
  return {
    publish(revocations) {
      for (const follower of followers) follower(revocations);
      return Promise.resolve();
    },
    start(apply) {
      followers.push(apply);
      return Promise.resolve();
    },
    silentMs: () => 0,
    // Both sides close it in their own time; until the process ends nobody must miss anything.
    close: () => Promise.resolve(),
  };
}
