// `npm run test:proofs`: the long form of every proof, one after the other, some two hours in all. `npm run
// test:proofs -- <word>…` runs those whose name holds a word. Each has its bound: a figure that misses it is named
// and the exit code is 1. Figures, machine, versions and method go to bench/results/sessions-under-attack.json, or
// where the proof says; proofs that were not run keep what stands there. `--logins=<n>`: of how many users.

import { fuzzAnswers } from './answer-fuzz.ts';
import { auditProofs } from './audit-proofs.ts';
import { proveNoForgery } from './forgeries.ts';
import { gatewayProofs } from './gateway-proofs.ts';
import { proveRotationUnnoticed } from './key-rotation.ts';
import { measureKeyWithdrawal } from './key-withdrawal.ts';
import { loginProofs } from './login-proofs.ts';
import { measureManyRevocations } from './many-revocations.ts';
import { proveNothingSurvives, proveOneSuccessor, rightsChanges } from './parallel-refreshes.ts';
import { type Figures, judge, type Proof } from './proof.ts';
import { graceSeconds, proveReplaysKill, replayCases } from './replays.ts';
import { measureRequestCost } from './request-cost.ts';
import { measureReach } from './revocation-reach.ts';
import { runProofs } from './run-proof.ts';
import { type System, type SystemOptions, startSystem } from './start-system.ts';
import { proveNoGrowth } from './table-growth.ts';
import { proveImport } from './user-import.ts';

const importedUsers = 100_000;

async function on<T>(options: SystemOptions, work: (system: System) => Promise<T>): Promise<T> {
  const system = await startSystem(options);
  try {
    return await work(system);
  } finally {
    await system.close();
  }
}

const reach = { logouts: 500, loadPerSecond: 200, probeEveryMs: 5 };
const twoByTwo = { auths: 2, gateways: 2, workers: 2 };

const proofs: readonly Proof[] = [
  { name: 'answer-fuzz', run: async () => judge(await fuzzAnswers(1_000_000)) },
  {
    name: 'one-successor',
    run: () =>
      on({ auths: 2, gateways: 0, workers: 0, redis: true }, async (system) =>
        judge(await proveOneSuccessor(system, 1000)),
      ),
  },
  ...rightsChanges.map((change) => ({
    name: `nothing-survives-${change.replace(' ', '-')}`,
    run: () =>
      // The admin's own token lasts for the whole proof.
      on(
        { auths: 2, gateways: 1, workers: 1, redis: true, env: { ACCESS_TOKEN_TTL_SECONDS: '3600' } },
        async (system) => judge(await proveNothingSurvives(system, change, 250)),
      ),
  })),
  {
    name: 'replays',
    run: () =>
      on(
        {
          auths: 2,
          gateways: 1,
          workers: 2,
          redis: true,
          env: { REFRESH_GRACE_SECONDS: String(graceSeconds) },
        },
        async (system) => {
          const cases: Figures[] = [];
          for (const one of replayCases) {
            cases.push(await proveReplaysKill(system, one, one === 'after a restart' ? 5 : 50));
          }
          return judge({ cases });
        },
      ),
  },
  {
    name: 'forgeries',
    run: () =>
      on({ auths: 1, gateways: 0, workers: 0, redis: false }, async (system) =>
        judge(await proveNoForgery(system, 2000)),
      ),
  },
  {
    name: 'logout-reach-with-redis',
    run: () =>
      on({ ...twoByTwo, redis: true }, async (system) => {
        const figures = await measureReach(system, { ...reach, atOnce: 2, boundMs: 10_000 });
        return judge(figures, [
          [figures.carrier.maxMs === 0, 'the worker that carried the logout: 0 ms'],
          [figures.otherWorkers.p99Ms <= 100, 'all others: p99 within 100 ms'],
        ]);
      }),
  },
  {
    name: 'logout-reach-without-redis',
    run: () =>
      on({ ...twoByTwo, redis: false }, async (system) => {
        const figures = await measureReach(system, { ...reach, atOnce: 10, boundMs: 10_000 });
        return judge(figures, [
          [figures.carrier.maxMs === 0, 'the worker that carried the logout: 0 ms'],
          [figures.otherWorkers.p99Ms <= 2000, 'all others: p99 within 2 s'],
        ]);
      }),
  },
  {
    name: 'cost-of-a-verified-request',
    run: () =>
      on({ ...twoByTwo, redis: true }, async (system) => {
        const figures = await measureRequestCost(system, 20, 500);
        return judge(figures, [
          [figures.queries === 0, '0 queries'],
          [figures.redisCommands === 0, '0 Redis commands'],
        ]);
      }),
  },
  {
    name: 'a-million-revocations',
    async run() {
      const size = { revocations: 1_000_000, rounds: 600, requestsPerRound: 100, settleMs: 30_000 };
      const figures = await measureManyRevocations(size);
      return judge(figures, [
        [figures.heldMb <= 150, 'at most 150 MB for them'],
        [figures.slowerPercent <= 5, 'as fast as with none, within 5 %'],
        [figures.moreProcessorPercent <= 5, 'as little processor time as with none, within 5 %'],
      ]);
    },
  },
  {
    name: 'key-rotation',
    run: () =>
      on({ ...twoByTwo, redis: true, env: { SIGNING_KEY_ROTATION_SECONDS: '5' } }, async (system) => {
        const figures = await proveRotationUnnoticed(system, { seconds: 120, perSecond: 500 });
        return judge(figures, [
          [figures.keysUsed >= 20, 'a new key every 5 s'],
          [figures.requestsPerSecond >= 495, '500 requests a second'],
        ]);
      }),
  },
  ...[true, false].map((redis) => ({
    name: `key-withdrawal-${redis ? 'with' : 'without'}-redis`,
    run: () =>
      on({ ...twoByTwo, redis }, async (system) => {
        const figures = await measureKeyWithdrawal(system, 50);
        return judge(figures, [
          [figures.believed.maxMs <= 1000, 'no token of the withdrawn key after a second'],
          [figures.successorGoodEverywhere.maxMs <= 1000, 'its successor believed within a second'],
        ]);
      }),
  })),
  {
    name: 'table-growth',
    run: () =>
      on({ auths: 2, gateways: 0, workers: 0, redis: false }, async (system) =>
        judge(await proveNoGrowth(system, { refreshes: 1_000_000, secondsMax: 3600 })),
      ),
  },
  {
    name: 'user-import',
    results: 'login-under-attack.json',
    run: () =>
      on({ auths: 2, gateways: 0, workers: 0, redis: false }, async (system) =>
        judge(
          await proveImport(system, {
            users: importedUsers,
            kills: 3,
            logins: readLogins(),
            onProgress: (text) => process.stderr.write(`user-import: ${text}\n`),
          }),
        ),
      ),
  },
  ...loginProofs,
  ...gatewayProofs,
  ...auditProofs,
];

/** `--logins=7` among the arguments: so many of the imported users; all of them when it is not there. */
function readLogins(): number {
  const [, given] = /^--logins=(.*)$/m.exec(process.argv.join('\n')) ?? [];
  const logins = Number(given ?? importedUsers);
  if (!Number.isInteger(logins) || logins < 1 || logins > importedUsers) {
    throw new Error(`--logins takes a whole number from 1 to ${importedUsers}`);
  }
  return logins;
}

await runProofs(proofs, 'embedded 18, fsync off as for all tests');
