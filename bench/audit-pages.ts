// What a page of the audit log costs when the log is large: the same filters, by the service's own query, on a log of
// 10,000 events and on one of 10,000,000, both spread over the same 24 months. Of each filter the first page and one
// further on, in turn on both. Exits with 1 when the p99 of a filter on the large one is over 1.5 times that on the small
// one. Run: node bench/audit-pages.ts [--dir=<folder>] [--fill] [--events=<of the large one>] [--rounds=<pages of each>]
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
    rounds: { type: 'string', default: '200' },
  },
});
const sizes = [10_000, Number(given.events)] as const;
const rounds = Number(given.rounds);
const ratioMax = 1.5;
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
  const { rowCount: filled } = await owner.query('select from audit_log limit 1');
  if (filled === 0) {
    const startMs = performance.now();
    await fillAuditLog(owner, rows);
    console.error(`${rows} events made in ${Math.round((performance.now() - startMs) / 1000)} s`);
  }
  await owner.end();
  return url.href;
}

async function timePage(db: Database, one: Case, beforeId: string | undefined): Promise<Page> {
  const startMs = performance.now();
  const { rows, resumeId } = await searchAuditEvents(db, one.filter, beforeId, pageSize);
  return { ms: performance.now() - startMs, rows: rows.length, resumeId };
}

type Page = { readonly ms: number; readonly rows: number; readonly resumeId: string | undefined };

const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;

/** Milliseconds of each page, per database; first pages and later ones take turns. */
async function measure(dbs: readonly Database[], one: Case) {
  const times = dbs.map((): number[] => []);
  const found = dbs.map(() => 0);
  for (let round = -10; round < rounds; round++) {
    for (const [i, db] of dbs.entries()) {
      const first = await timePage(db, one, undefined);
      found[i] = first.rows;
      const page =
        round % 2 === 0 || first.resumeId === undefined ? first : await timePage(db, one, first.resumeId);
      // The first rounds warm up: plans, caches.
      if (round >= 0) times[i]!.push(page.ms);
    }
  }
  return { rows: found, times };
}

function summarize(times: readonly (readonly number[])[]) {
  const sorted = times.map((list) => list.toSorted((a, b) => a - b));
  const p99 = sorted.map((list) => percentile(list, 0.99));
  return { median: sorted.map((list) => percentile(list, 0.5)), p99, ratio: p99[1]! / p99[0]! };
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

async function report(urls: readonly string[]): Promise<void> {
  const dbs = urls.map((url) => openDatabase({ url, poolMax: 1, log, deadlineMs: 60_000 }));
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${type()} ${release().split('-')[0]}`;
  console.log(`${machine}, Node ${process.version}; load of the machine ${loadavg()[0]?.toFixed(1)}`);
  console.log(
    `${sizes.join(' and ')} events in ${months} months; ${rounds} pages of ${pageSize} each; milliseconds\n`,
  );
  console.log(`${'filter'.padEnd(44)} rows     median          p99             ratio`);
  const cell = (list: readonly number[]) => list.map((ms) => ms.toFixed(2).padStart(6)).join(' ');
  const over: string[] = [];
  const all = dbs.map((): number[] => []);
  const print = (name: string, rows: readonly number[], times: readonly (readonly number[])[]) => {
    const { median, p99, ratio } = summarize(times);
    if (ratio > ratioMax) over.push(name);
    const found = rows.map((n) => String(n).padStart(2)).join('/');
    console.log(
      `${name.padEnd(44)} ${found.padEnd(5)}  ${cell(median)}   ${cell(p99)}   ${ratio.toFixed(2)}`,
    );
  };
  for (const one of cases(Date.now() * 1000)) {
    const { rows, times } = await measure(dbs, one);
    for (const [i, list] of times.entries()) all[i]!.push(...list);
    print(one.name, rows, times);
  }
  print('all of them', [], all);
  await Promise.all(dbs.map((db) => db.close()));
  if (over.length === 0) return;
  console.log(`\nover ${ratioMax}: ${over.join(', ')}`);
  process.exitCode = 1;
}

await main();
