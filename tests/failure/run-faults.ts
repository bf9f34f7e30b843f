// `npm run test:faults`: every fault of docs/explanation/faults.md, one after the other, some two hours in all; with words,
// those whose name holds one: `npm run test:faults -- postgres kill-auth`. Figures go to bench/results/faults.json.
// `--seconds=<n>`: how long a fault lasts, `--minutes=<n>`: how long the soak. The disk that is filled has to be mounted: that one needs root.

import { collecting } from '../proofs/held-memory.ts';
import { judge, type Proof } from '../proofs/proof.ts';
import { runProofs } from '../proofs/run-proof.ts';
import { proveDeploysUnnoticed, proveOldCodeGoesOn, turningKeys } from './deploys.ts';
import { killedParts, proveEmbeddedKillsLoseNothing, proveKillsLoseNothing } from './kills.ts';
import { type FaultCase, measureFault, missedBy } from './measure-fault.ts';
import { checkOutOldCode } from './old-code.ts';
import { proveOverloadIsSurvived } from './overload.ts';
import { postgresFaults } from './postgres-faults.ts';
import { processFaults } from './process-faults.ts';
import { redisAwayAtStart, redisFaults } from './redis-faults.ts';
import { serviceFaults } from './service-faults.ts';
import { soak } from './soak.ts';
import { type Rig, type RigOptions, startRig } from './start-rig.ts';

const results = 'faults.json';
const load = { readsPerSecond: 50, lives: 8 };

async function on<T>(work: (rig: Rig) => Promise<T>, options: RigOptions = {}): Promise<T> {
  const rig = await startRig(options);
  try {
    return await work(rig);
  } finally {
    await rig.close();
  }
}

/** `--seconds=30` among the arguments. */
function readNumber(name: string, fallback: number): number {
  const [, given] = new RegExp(`^--${name}=(\\d+)$`, 'm').exec(process.argv.join('\n')) ?? [];
  return Number(given ?? fallback);
}

const soakMinutes = readNumber('minutes', 30);
/** Refuses what comes too late, as it does by default. */
const sheds: RigOptions = { env: { GATEWAY_SHED_LAG_MS: '300' } };
/** What is remembered of a token goes with it: as much comes as goes once the first have expired. */
const holdsSteady: RigOptions = { env: { ACCESS_TOKEN_TTL_SECONDS: '300', ...collecting } };

function faultProof(fault: FaultCase, options: RigOptions = {}): Proof {
  const size = { ...load, seconds: readNumber('seconds', 10), recoveryMs: 5000 };
  return {
    name: fault.name,
    results,
    run: () =>
      on(async (rig) => {
        const figures = await measureFault(rig, fault, size);
        return { figures: { what: fault.what, ...figures }, missed: missedBy(figures, fault, size) };
      }, options),
  };
}

const kills = { auth: 200, gateway: 50, postgres: 50, redis: 50, 'nginx-worker': 50, embedded: 50 };
const readyMsMax = 5000;

function judgeKills(figures: Awaited<ReturnType<typeof proveEmbeddedKillsLoseNothing>>) {
  return judge(figures, [
    [figures.ledger.broken.length === 0, 'nothing that was acknowledged is lost or undone'],
    [figures.readyAgain.maxMs <= readyMsMax, 'ready again within five seconds'],
  ]);
}

const killProofs: Proof[] = killedParts.map((part) => ({
  name: `kill-${part}`,
  results,
  run: () =>
    on(async (rig) =>
      judgeKills(await proveKillsLoseNothing(rig, part, { ...load, times: kills[part], pauseMsMax: 1000 })),
    ),
}));

const proofs: readonly Proof[] = [
  ...[...postgresFaults, ...redisFaults, ...serviceFaults, ...processFaults].map((fault) =>
    faultProof(fault),
  ),
  faultProof(redisAwayAtStart, { beforeStart: ({ redis }) => redis.become('away') }),
  ...killProofs,
  {
    name: 'kill-embedded',
    results,
    run: async () =>
      judgeKills(await proveEmbeddedKillsLoseNothing({ ...load, times: kills.embedded, pauseMsMax: 2000 })),
  },
  {
    name: 'deploys',
    results,
    run: () =>
      on(
        async (rig) => {
          const figures = await proveDeploysUnnoticed(rig, { perSecond: 500, seconds: 102, lives: 3 });
          const failedLives = Object.keys(figures.writes).filter((name) => !/^2\d\d$/.test(name));
          return judge(figures, [
            [figures.sent >= 50_000, '50,000 requests'],
            [figures.perSecond >= 490, '500 requests a second'],
            [Object.keys(figures.failed).length === 0, 'no failed request'],
            [failedLives.length === 0, 'no failed write'],
            [figures.ledger.broken.length === 0, 'nothing that was acknowledged is lost or undone'],
            [figures.restarts >= 8 && figures.migrations >= 2 && figures.keys >= 5, 'enough was done'],
          ]);
        },
        { env: turningKeys },
      ),
  },
  {
    name: 'old-code',
    results,
    async run() {
      const old = checkOutOldCode();
      try {
        return await on(
          async (rig) => {
            const figures = await proveOldCodeGoesOn(rig, 30);
            const { reads, writes, ledger } = figures;
            const failed = [reads, writes]
              .flatMap((answers) => Object.keys(answers))
              .filter((name) => !/^2\d\d$/.test(name));
            return judge({ newestMigration: old.migration, ...figures }, [
              [failed.length === 0, 'no failed request'],
              [ledger.broken.length === 0, 'nothing that was acknowledged is lost or undone'],
            ]);
          },
          { secondAuthRoot: old.root },
        );
      } finally {
        old.remove();
      }
    },
  },
  {
    name: 'overload',
    results,
    run: () =>
      on(async (rig) => {
        const figures = await proveOverloadIsSurvived(rig, { seconds: 60, times: 5, stepSeconds: 4 });
        return judge(figures, [
          [figures.goodPerSecond >= 0.8 * figures.peakPerSecond, 'goodput of 80 % of the peak'],
          [figures.recoveredMs <= 30_000, 'as quick as before within 30 s'],
        ]);
      }, sheds),
  },
  {
    name: 'soak',
    results,
    run: () =>
      on(async (rig) => {
        const figures = await soak(rig, {
          ...load,
          seconds: soakMinutes * 60,
          warmSeconds: soakMinutes * 20,
          lives: 3,
          busyLives: 8,
          faults: [...postgresFaults, ...redisFaults, ...serviceFaults, ...processFaults].filter(
            ({ name }) => name !== 'postgres-disk-full',
          ),
          faultSeconds: 3,
          faultEverySeconds: 10,
          // Nine, so that a shorter run has samples, too.
          legSeconds: Math.min(200, (soakMinutes * 60) / 9),
          restSeconds: 60,
          onProgress: (text) => process.stderr.write(`soak: ${text}\n`),
        });
        return judge(figures, [
          [figures.memoryGrowthPercent <= 1, 'memory grows by 1 % at most'],
          [figures.descriptorsGrowthPercent <= 1, 'open files do not grow'],
          [figures.recoveryMsMax <= 5000, 'whole again within five seconds'],
          [figures.ledger.broken.length === 0, 'nothing that was acknowledged is lost or undone'],
        ]);
      }, holdsSteady),
  },
];

await runProofs(proofs, 'embedded 18, durable');
