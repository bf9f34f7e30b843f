// Pages of the audit log out of a million events, beside ten thousand: bench/audit-pages.ts, in a shorter form. Out of ten
// millions it takes some ten minutes to fill the log: run it by itself then.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { root } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';

const events = 1_000_000;
const rounds = 60;
const timeoutMs = 600_000;

export const auditPagesRow: Row = {
  id: 'audit-pages',
  question: 'What does a page of the audit log cost out of a million events?',
  programs: [],
  async run() {
    const args = ['bench/audit-pages.ts', `--events=${events}`, `--rounds=${rounds}`];
    // It ends with 1 when one of its filters is over the bound; the figures count here.
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: root,
      timeout: timeoutMs,
    }).catch((error: unknown) => error as { stdout: string });
    // Medians, p99s, the ratio of these, and that of the control (bench/audit-pages.ts).
    const figures = /^all of them((?:\s+[\d.]+){6})$/m.exec(stdout)?.[1]?.trim().split(/\s+/).map(Number);
    if (figures === undefined) throw new Error(`no figures of all filters:\n${stdout}`);
    const [smallP50, largeP50, smallP99, largeP99, ratio] = figures;
    const line = (count: number, p50: number | undefined, p99: number | undefined) => ({
      'events, all filters': count,
      'p50 ms': p50,
      'p99 ms': p99,
    });
    return {
      lines: [line(10_000, smallP50, smallP99), line(events, largeP50, largeP99)],
      goals: [
        { name: 'p99 of an audit page at a million over 10,000', value: ratio!, unit: '×', bound: 1.5 },
      ],
    };
  },
};
