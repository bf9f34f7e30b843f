// The proofs of docs/explanation/audit-log.md that take long.

import { proveLedger } from './audit-ledger.ts';
import { measureLockWaits } from './audit-lock-waits.ts';
import { proveNeverFails } from './audit-never-fails.ts';
import { proveTamperingFound } from './audit-tampering.ts';
import { measureVerification } from './audit-verify-speed.ts';
import { judge, type Proof } from './proof.ts';
import { startSystem } from './start-system.ts';

const results = 'audit-log.json';
const trials = 1000;
/** The cheapest hashes that are taken: most operations are refreshes, so that it ends within minutes. */
const cheapHashes = {
  PASSWORD_HASH_MEMORY_KIB: '7168',
  PASSWORD_HASH_PASSES: '5',
  ACCESS_TOKEN_TTL_SECONDS: '7200',
};

export const auditProofs: readonly Proof[] = [
  {
    name: 'audit-ledger',
    results,
    async run() {
      const system = await startSystem({ auths: 1, gateways: 0, workers: 0, redis: false, env: cheapHashes });
      try {
        const figures = await proveLedger(system, { operations: 100_000, clients: 8, killEvery: 2000 });
        return judge(figures, [
          [figures.acknowledged >= 100_000, '100,000 operations'],
          [figures.kills >= 10, 'ten kills'],
        ]);
      } finally {
        await system.close();
      }
    },
  },
  {
    name: 'audit-tampering',
    results,
    run: async () => judge(await proveTamperingFound({ trials, rounds: 12, eventsPerRound: 20 })),
  },
  {
    name: 'audit-never-fails',
    results,
    async run() {
      const figures = await proveNeverFails({ milliseconds: 60_000, writers: 4 });
      return judge(figures, [[figures.verifications >= 10, 'at least ten verifications']]);
    },
  },
  {
    name: 'audit-lock-waits',
    results,
    async run() {
      const figures = await measureLockWaits({ milliseconds: 30_000, writers: 4 });
      return judge(figures, [
        [figures.waits === 0, 'no writer ever waits for the sealer'],
        [figures.samples >= 1000, 'a thousand samples'],
        [figures.controlSeen > 0, 'a wait would be seen'],
      ]);
    },
  },
  {
    name: 'audit-verify-a-million',
    results,
    async run() {
      const figures = await measureVerification(1_000_000, 3);
      return judge(figures, [
        [figures.events >= 1_000_000, 'a million events'],
        [figures.slowestSeconds <= 10, 'verified within 10 s on one processor'],
      ]);
    },
  },
];
