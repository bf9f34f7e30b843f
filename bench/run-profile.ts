// `npm run profile -- <row>`: where the processor's time goes on a hot path. Runs the gateway or auth under load with V8's
// profiler and writes <row>.cpuprofile and <row>.svg, a flame graph, into bench/profiles, which is not committed.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchAuth, withAuth } from './harness/auth.ts';
import { withRoom } from './harness/bench-room.ts';
import { type CpuProfile, listDearest, renderFlameGraph } from './harness/flame-graph.ts';
import { gatewayYaml, startGateway, writeTokens } from './harness/gateway.ts';
import { installBenchPrograms } from './harness/install-programs.ts';
import { runLoad } from './harness/load.ts';
import { measuredCores, type Processes, root } from './harness/processes.ts';
import { measureWindow } from './harness/window.ts';
import { openRefreshes } from './rows/refresh.ts';

const seconds = 6;

/** What profiles of the gateway send: path and number of tokens; 0: none. */
const gatewayPaths = {
  open: { path: '/open/x', tokens: 0, isEachOnce: false },
  checked: { path: '/checked/x', tokens: 1000, isEachOnce: false },
  cold: { path: '/checked/x', tokens: 60_000, isEachOnce: true },
} as const;

const profiles: Readonly<Record<string, () => Promise<string>>> = {
  open: () => profileGateway('open'),
  checked: () => profileGateway('checked'),
  cold: () => profileGateway('cold'),
  refresh: () =>
    profileAuth(async (auth) => {
      await (await openRefreshes(auth)).http(seconds, 0);
    }),
  login: () =>
    profileAuth(async ({ port, register }) => {
      const emails = ['a@example.com', 'b@example.com', 'c@example.com', 'd@example.com'];
      for (const email of emails) await register(email);
      await measureWindow({ kind: 'login', atOnce: emails.length, port, emails, seconds });
    }),
};

function profileGateway(row: keyof typeof gatewayPaths): Promise<string> {
  const { path, tokens, isEachOnce } = gatewayPaths[row];
  return withRoom(async (room) => {
    const file = tokens === 0 ? undefined : await writeTokens(room.auth, room.folder, tokens);
    const env = profilerEnv(room.folder);
    const config = gatewayYaml(room.service);
    const { origin } = await startGateway({ ...room, name: 'own', cores: measuredCores, config, env });
    await runLoad({ origin, path, tokens: file, isEachOnce, connections: 64, seconds });
    return readProfile(room);
  });
}

async function profileAuth(load: (auth: BenchAuth) => Promise<void>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pi-profile-'));
  try {
    return await withAuth({ env: profilerEnv(folder) }, async (auth) => {
      await load(auth);
      return readProfile({ processes: auth.processes, folder });
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const profilerEnv = (folder: string) => ({ NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` });

/** It is written when the process ends. */
async function readProfile({
  processes,
  folder,
}: {
  readonly processes: Processes;
  readonly folder: string;
}) {
  await processes.stop();
  const name = readdirSync(folder).find((one) => one.endsWith('.cpuprofile'));
  return readFileSync(join(folder, name ?? 'no profile'), 'utf8');
}

const [row = 'checked'] = process.argv.slice(2);
const takeProfile = profiles[row];
if (takeProfile === undefined) {
  console.error(`no such row: ${row}; there are: ${Object.keys(profiles).join(', ')}`);
  process.exit(2);
}
installBenchPrograms(['wrk', 'nginx']);
const profile = await takeProfile();
const folder = join(root, 'bench/profiles');
mkdirSync(folder, { recursive: true });
const parsed = JSON.parse(profile) as CpuProfile;
writeFileSync(join(folder, `${row}.cpuprofile`), profile);
writeFileSync(join(folder, `${row}.svg`), renderFlameGraph(parsed));
for (const { name, share } of listDearest(parsed, 25))
  console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
console.log(`\nwritten: bench/profiles/${row}.svg and ${row}.cpuprofile`);
process.exit();
