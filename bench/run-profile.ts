// `npm run profile -- <row>`: where the processor's time goes on a hot path. Runs the gateway under load with V8's
// profiler and writes <row>.cpuprofile and <row>.svg, a flame graph, into bench/profiles, which is not committed.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withRoom } from './harness/bench-room.ts';
import { type CpuProfile, listDearest, renderFlameGraph } from './harness/flame-graph.ts';
import { gatewayYaml, startGateway, writeTokens } from './harness/gateway.ts';
import { installBenchPrograms } from './harness/install-programs.ts';
import { runLoad } from './harness/load.ts';
import { measuredCores, root } from './harness/processes.ts';

/** Path and number of tokens of each hot path; 0: none is sent. */
const paths = {
  open: { path: '/open/x', tokens: 0, isEachOnce: false },
  checked: { path: '/checked/x', tokens: 1000, isEachOnce: false },
  cold: { path: '/checked/x', tokens: 60_000, isEachOnce: true },
} as const;

const [row = 'checked'] = process.argv.slice(2);
if (!Object.hasOwn(paths, row)) {
  console.error(`no such row: ${row}; there are: ${Object.keys(paths).join(', ')}`);
  process.exit(2);
}
installBenchPrograms(['wrk', 'nginx']);
const { path, tokens, isEachOnce } = paths[row as keyof typeof paths];
const folder = join(root, 'bench/profiles');
mkdirSync(folder, { recursive: true });

const profile = await withRoom(async (room) => {
  const file = tokens === 0 ? undefined : await writeTokens(room.auth, room.folder, tokens);
  const env = { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${room.folder}` };
  const config = gatewayYaml(room.service);
  const { origin } = await startGateway({ ...room, name: 'own', cores: measuredCores, config, env });
  await runLoad({ origin, path, tokens: file, isEachOnce, connections: 64, seconds: 6 });
  // The profile is written when the process ends.
  await room.processes.stop();
  const name = readdirSync(room.folder).find((one) => one.endsWith('.cpuprofile'));
  return readFileSync(join(room.folder, name ?? 'no profile'), 'utf8');
});
const parsed = JSON.parse(profile) as CpuProfile;
writeFileSync(join(folder, `${row}.cpuprofile`), profile);
writeFileSync(join(folder, `${row}.svg`), renderFlameGraph(parsed));
for (const { name, share } of listDearest(parsed, 25))
  console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
console.log(`\nwritten: bench/profiles/${row}.svg and ${row}.cpuprofile`);
process.exit();
