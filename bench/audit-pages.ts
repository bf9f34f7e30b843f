// What a page of the audit log costs when the log is large: the same filters, by the service's own query, on a log of
// 10,000 events and on one of 10,000,000, both spread over the same 24 months, and both with the same pages
// (audit-pages-fill.ts): a page of forty events costs more than an empty one whatever the log's size, so that each page
// must have as many rows in both, or the run says so and fails. Of each filter the first page and the next one, in turn
// on both logs and which of them begins in turn too. A page takes a millisecond, and whatever else the machine does for
// one makes its p99: so the p99 is the median of those of blocks of two hundred pages, and the small log is asked once
// more by a connection of its own. How far its two p99 lie apart (control) is what the method cannot tell. Exits with 1
// when the p99 of a filter on the large one is over 1.5 times that on the small one. The young generation is large, so
// that this program's own collections are rare: with Node's default the control lay anywhere between 0.5 and 1.7.
// Run: node --max-semi-space-size=64 bench/audit-pages.ts [--dir=<folder>] [--fill] [--events=<of the large one>] [--rounds=<pages of each>]
// It makes a PostgreSQL of its own (about 8 GB, some ten minutes); with --dir it keeps it there, and with --fill too it
// only makes it, so that a later run measures on a machine that rests.

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, type } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Database, openDatabase } from '@pi-gateway/auth/db/database.ts';
import { migrate } from '@pi-gateway/auth/db/migrate.ts';
import { searchAuditEvents } from '@pi-gateway/auth/store/audit-search.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { Client } from 'pg';
import { startPostgres } from '../launch/postgres.ts';
import { databaseOwner } from '../launch/postgres-cluster.ts';
import { type Case, cases } from './audit-pages-cases.ts';
import { fillAuditLog, months } from './audit-pages-fill.ts';

const { values: given } = parseArgs({
  options: {
    dir: { type: 'string' },
    fill: { type: 'boolean', default: false },
    events: { type: 'string', default: '10000000' },
    rounds: { type: 'string', default: '1000' },
  },
});
const sizes = [10_000, Number(given.events)] as const;
const rounds = Number(given.rounds);
const ratioMax = 1.5;
const blockPages = 200;
// Rounds that are not counted: plans, caches.
const warmUp = 30;
const pageSize = 50;
const log = createLog({ service: 'bench', level: 'error' });

/** The database of a size, made and filled when it is not there. */
async function prepare(ownerUrl: string, superuserUrl: string, rows: number): Promise<string> {
  const name = `log_${rows}`;
  const superuser = new Client({ connectionString: superuserUrl });
  await superuser.connect();
  const { rowCount } = await superuser.query('select from pg_database where datname = $1', [name]);
  if (rowCount === 0) await superuser.query(`create database ${name} owner ${databaseOwner.role}`);
  await superuser.end();
  const url = new URL(ownerUrl);
  url.pathname = `/${name}`;
  await migrate(url.href, 'up');
  const owner = new Client({ connectionString: url.href });
  await owner.connect();
  try {
    const { rowCount: filled } = await owner.query('select from audit_log limit 1');
    if (filled === 0) {
      const startMs = performance.now();
      await fillAuditLog(owner, rows);
      console.error(`${rows} events made in ${Math.round((performance.now() - startMs) / 1000)} s`);
    }
  } finally {
    await owner.end();
  }
  return url.href;
}

async function timePage(db: Database, one: Case, beforeId: string | undefined): Promise<Page> {
  const startMs = performance.now();
  const { rows, resumeId } = await searchAuditEvents(db, one.filter, beforeId, pageSize);
  return { ms: performance.now() - startMs, rows: rows.length, resumeId };
}

type Page = { readonly ms: number; readonly rows: number; readonly resumeId: string | undefined };

function percentile(list: readonly number[], share: number): number {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Of each block of pages that followed one another; a burst of something else does not move their median. */
function p99OfBlocks(list: readonly number[]): number {
  const blocks = Array.from({ length: Math.max(1, Math.floor(list.length / blockPages)) }, (_, i) =>
    list.slice(i * blockPages, (i + 1) * blockPages),
  );
  return percentile(
    blocks.map((block) => percentile(block, 0.99)),
    0.5,
  );
}

/** Milliseconds of each page in order, per database, and the rows of the first page and of the next one. */
async function measure(dbs: readonly Database[], one: Case) {
  const times = dbs.map((): number[] => []);
  const found = dbs.map((): string => '');
  for (let round = -warmUp; round < rounds; round++) {
    for (let turn = 0; turn < dbs.length; turn++) {
      const i = (turn + round + warmUp) % dbs.length;
      const db = dbs[i]!;
      const first = await timePage(db, one, undefined);
      const next = first.resumeId === undefined ? undefined : await timePage(db, one, first.resumeId);
      found[i] = next === undefined ? `${first.rows}` : `${first.rows}+${next.rows}`;
      if (round >= 0) times[i]!.push((round % 2 === 0 ? first : (next ?? first)).ms);
    }
  }
  return { found, times };
}

function openRun(): { readonly dir: string; readonly remove: () => void } {
  if (given.dir !== undefined) {
    mkdirSync(given.dir, { recursive: true });
    return { dir: join(resolve(given.dir), 'postgres'), remove: () => undefined };
  }
  const folder = mkdtempSync(join(tmpdir(), 'pi-pages-'));
  chmodSync(folder, 0o711);
  return { dir: join(folder, 'postgres'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

async function main(): Promise<void> {
  const { dir, remove } = openRun();
  const server = await startPostgres({ dir, log });
  try {
    const urls: string[] = [];
    for (const rows of sizes) urls.push(await prepare(server.ownerUrl, server.superuserUrl, rows));
    if (!given.fill) await report(urls);
  } finally {
    await server.stop();
    remove();
  }
}

async function report([small, large]: readonly string[]): Promise<void> {
  const dbs = [small!, large!, small!].map((url) =>
    openDatabase({ url, poolMax: 1, log, deadlineMs: 60_000 }),
  );
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${type()} ${release().split('-')[0]}`;
  console.log(`${machine}, Node ${process.version}; load of the machine ${loadavg()[0]?.toFixed(1)}`);
  console.log(
    `${sizes.join(' and ')} events in ${months} months; ${rounds} pages of ${pageSize} each; milliseconds\n`,
  );
  console.log(`${'filter'.padEnd(44)} rows    median          p99             ratio  control`);
  const cell = (list: readonly number[]) => list.map((ms) => ms.toFixed(2).padStart(6)).join(' ');
  const [over, noisy, unlike]: string[][] = [[], [], []];
  const all = dbs.map((): number[] => []);

  function print(name: string, rows: string, times: readonly number[][], p99Of: (list: number[]) => number) {
    const p99 = times.map(p99Of);
    const [ratio, control] = [p99[1]! / p99[0]!, p99[2]! / p99[0]!];
    if (ratio > ratioMax) over!.push(name);
    if (control > ratioMax) noisy!.push(name);
    const medians = times.slice(0, 2).map((list) => percentile(list, 0.5));
    const ratios = `${ratio.toFixed(2)}   ${control.toFixed(2)}`;
    console.log(
      `${name.padEnd(44)} ${rows.padEnd(6)} ${cell(medians)}   ${cell(p99.slice(0, 2))}   ${ratios}`,
    );
  }

  const asked = cases(Date.now() * 1000);
  for (const one of asked) {
    const { found, times } = await measure(dbs, one);
    for (const [i, list] of times.entries()) all[i]!.push(...list);
    const isAlike = new Set(found).size === 1;
    if (!isAlike) unlike!.push(`${one.name} (${found.slice(0, 2).join(' and ')} rows)`);
    print(one.name, isAlike ? found[0]! : 'unlike', times, p99OfBlocks);
  }
  console.log(`\n${asked.length - over!.length} of ${asked.length} filters within ${ratioMax}`);
  if (over!.length > 0) console.log(`over ${ratioMax}: ${over!.join(', ')}`);
  if (noisy!.length > 0) console.log(`the control is over ${ratioMax}, too: ${noisy!.join(', ')}`);
  if (unlike!.length > 0) console.log(`not as many rows in both, so not comparable: ${unlike!.join(', ')}`);
  if (over!.length + unlike!.length > 0) process.exitCode = 1;
  print('all of them', '', all, (list) => percentile(list, 0.99));
  await Promise.all(dbs.map((db) => db.close()));
}

await main();
