// What the check of a token costs: none, a token seen before (10,000 of them), and tokens never seen, each of which
// has its signature verified; that beside the bare verification of an ES256 signature in this process.

import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { withRoom } from '../harness/bench-room.ts';
import { gatewayYaml, startGateway, writeTokens } from '../harness/gateway.ts';
import { runLoad } from '../harness/load.ts';
import { measureAll, median } from '../harness/measure.ts';
import { measureCpuMs } from '../harness/process-cpu.ts';
import { measuredCores } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';
import { usual } from './compare.ts';

/** Longer than usual: the difference that is looked for is smaller than that between two short windows. */
const seconds = 4;
const coldTokens = 60_000;
const coldWindows = 5;
const bareRounds = 5;
const bareVerifications = 3000;

export const tokensRow: Row = {
  id: 'tokens',
  question: 'What does the check of a token cost?',
  programs: ['wrk', 'nginx'],
  run: () =>
    withRoom(async (room) => {
      const tokens = await writeTokens(room.auth, room.folder, 10_000);
      // More than the gateway remembers, and each sent once before the first comes again: none is ever known.
      const cold = await writeTokens(room.auth, room.folder, coldTokens);
      const place = { ...room, name: 'own', cores: measuredCores, config: gatewayYaml(room.service) };
      const { pids, origin } = await startGateway(place);
      const [open, warm] = await measureAll(
        [
          { name: 'no check', pids, load: { ...usual, seconds, origin, path: '/open/x', tokens } },
          {
            name: 'bearer and role, known token',
            pids,
            load: { ...usual, seconds, origin, path: '/checked/x', tokens },
          },
        ],
        { rounds: 5, withLatency: false },
      );
      const coldMicros: number[] = [];
      for (let i = 0; i < coldWindows; i += 1) {
        const before = measureCpuMs(pids[0]!);
        const load = { ...usual, origin, path: '/checked/x', tokens: cold, isEachOnce: true };
        const { requests } = await runLoad(load);
        coldMicros.push(((measureCpuMs(pids[0]!) - before) * 1000) / requests);
      }
      const bare = measureBareVerification();
      const added = median(coldMicros) - open!.cpuMicros;
      return {
        lines: [
          { subject: 'no check', 'CPU µs a request': open!.cpuMicros, 'added µs': 0 },
          {
            subject: 'known token',
            'CPU µs a request': warm!.cpuMicros,
            'added µs': warm!.cpuMicros - open!.cpuMicros,
          },
          { subject: 'token never seen', 'CPU µs a request': median(coldMicros), 'added µs': added },
          { subject: 'one bare ES256 verification', 'CPU µs a request': undefined, 'added µs': bare },
        ],
        goals: [
          {
            name: 'known token over no check',
            value: warm!.cpuMicros / open!.cpuMicros,
            unit: '×',
            bound: 1.05,
          },
          {
            name: 'check of a new token over a bare verification',
            value: added / bare,
            unit: '×',
            bound: 1.2,
          },
        ],
      };
    }),
};

/** Microseconds of processor time of this process for one. */
function measureBareVerification(): number {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = Buffer.alloc(600, 'x');
  const signature = sign('sha256', signed, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const rounds = Array.from({ length: bareRounds }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < bareVerifications; i += 1) {
      verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / bareVerifications;
  });
  return median(rounds);
}
