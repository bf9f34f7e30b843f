// How long `npm start` takes to its first answer, npm's own start included: on a new data directory, where a database is
// made first, and on one that is there; and what the whole of it holds in memory at rest.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../tools/free-port.ts';
import { measureProcessTree } from '../../tools/process-memory.ts';
import { endChild, firstAnswerMs } from '../harness/first-answer.ts';
import { median } from '../harness/measure.ts';
import { root } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';

const rounds = 5;
const restMs = 3000;

export const startRow: Row = {
  id: 'start',
  question: 'How long does npm start take, and what does it hold at rest?',
  programs: [],
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'pi-bench-'));
    try {
      const fresh: Started[] = [];
      const existing: Started[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const dir = join(folder, `data-${round}`);
        fresh.push(await startOnce(dir));
        existing.push(await startOnce(dir));
      }
      const secondsOf = (all: readonly Started[]) => median(all.map(({ seconds }) => seconds));
      const memoryOf = (all: readonly Started[]) => median(all.map(({ megabytes }) => megabytes));
      const line = (subject: string, all: readonly Started[]) => ({
        subject,
        's to the first answer': secondsOf(all),
        'memory at rest MB': memoryOf(all),
      });
      return {
        lines: [line('a new data directory', fresh), line('an existing one', existing)],
        goals: [
          {
            name: 'npm start on an existing data directory',
            value: secondsOf(existing),
            unit: 's',
            bound: 2,
          },
          { name: 'npm start on a new data directory', value: secondsOf(fresh), unit: 's', bound: 4 },
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

type Started = { readonly seconds: number; readonly megabytes: number };

async function startOnce(dataDir: string): Promise<Started> {
  const entry = await freePort();
  const child = spawn('npm', ['start', '--silent'], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      DATA_DIR: dataDir,
      ENTRY_PORT: String(entry),
      GATEWAY_PORT: String(await freePort()),
      AUTH_PORT: String(await freePort()),
      AUTH_METRICS_PORT: 'off',
      GATEWAY_METRICS_PORT: 'off',
      GATEWAY_ACCESS_LOG: 'off',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    const seconds = (await firstAnswerMs(child, entry)) / 1000;
    await delay(restMs);
    // npm itself is the first of the tree.
    const tree = measureProcessTree(child.pid!).filter(({ command }) => !/^npm |\/npm\b/.test(command));
    return { seconds, megabytes: tree.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6 };
  } finally {
    await endChild(child);
  }
}
