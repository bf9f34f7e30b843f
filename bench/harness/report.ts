// The outcome of a run: a file for the record, and a table for people.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { root } from './processes.ts';
import { type Goal, isReached, type RowResult } from './row.ts';

export type Report = {
  /** When it was written; reports of before 2026-11-29 have the day alone. */
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly loadBefore: number;
  readonly rows: Readonly<Record<string, RowResult>>;
};

const folder = join(root, 'bench/results');
const nameForm = /^\d{4}-\d{2}-\d{2}-[0-9a-f]{7,}\.json$/;

export function describeMachine(): string {
  const [cpu] = cpus();
  const memory = `${(totalmem() / 1e9).toFixed(0)} GB`;
  const system = `${type()} ${release().split('-')[0]}`;
  return `${cpus().length} × ${cpu?.model.trim()}, ${memory}, ${system}, Node ${process.version}`;
}

function currentCommit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
}

/** Rows measured in parts at one commit on one day come together in one file. Gives its name. */
export function saveReport(rows: Report['rows']): string {
  mkdirSync(folder, { recursive: true });
  const date = new Date().toISOString();
  const commit = currentCommit();
  const name = `${date.slice(0, 10)}-${commit}.json`;
  const before = readReport(name);
  const report: Report = {
    date,
    commit,
    machine: describeMachine(),
    loadBefore: before?.loadBefore ?? Number((loadavg()[0] ?? 0).toFixed(1)),
    rows: { ...before?.rows, ...rows },
  };
  writeFileSync(join(folder, name), `${JSON.stringify(report, rounded, 1)}\n`);
  return name;
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}

function readReport(name: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, name), 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

/** The newest that holds the row. */
export function lastReportWith(row: string): Report | undefined {
  const names = readdirSync(folder).filter((name) => nameForm.test(name));
  const reports = names.map(readReport).filter((report) => report?.rows[row] !== undefined);
  return reports.toSorted((one, other) => one!.date.localeCompare(other!.date)).at(-1);
}

/** Markdown. */
export function renderRow(question: string, { lines, goals = [] }: RowResult): string {
  const columns = Object.keys(lines[0] ?? {});
  const table = [
    `| ${columns.join(' | ')} |`,
    `|${columns.map(() => '---').join('|')}|`,
    ...lines.map((line) => `| ${columns.map((column) => cell(line[column])).join(' | ')} |`),
  ];
  return [`## ${question}`, '', ...table, '', ...goals.map(renderGoal)].join('\n');
}

/** Every figure that was set as a goal, of this run's rows and otherwise as it was committed last. */
export function renderGoals(ids: readonly string[], measured: Report['rows']): string {
  const lines = ids.flatMap((id) => {
    const committed = measured[id] === undefined ? lastReportWith(id) : undefined;
    const { goals = [] } = measured[id] ?? committed?.rows[id] ?? {};
    const from = committed === undefined ? 'this run' : committed.commit;
    return goals.map((goal) => {
      const { name, value, unit, bound, isFloor = false } = goal;
      const cells = [
        `\`${id}\``,
        name,
        `${isFloor ? '≥' : '≤'} ${bound} ${unit}`,
        `${cell(value)} ${unit}`,
        isReached(goal) ? 'yes' : '**no**',
        from,
      ];
      return `| ${cells.join(' | ')} |`;
    });
  });
  return ['| row | figure | goal | measured | reached | from |', '|---|---|---|---|---|---|', ...lines].join(
    '\n',
  );
}

function cell(value: string | number | undefined): string {
  if (value === undefined) return '–';
  if (typeof value === 'string') return value;
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function renderGoal(goal: Goal): string {
  const sign = goal.isFloor === true ? '≥' : '≤';
  const mark = isReached(goal) ? 'reached' : 'NOT reached';
  return `- ${goal.name}: ${cell(goal.value)} ${goal.unit} (goal ${sign} ${goal.bound}): ${mark}`;
}
