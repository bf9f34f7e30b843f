import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { hashPersonal } from '@pi-gateway/auth/audit/personal-hash.ts';
import { makeSealedLog, type SealedLog } from '../services/auth/testing/sealed-log.ts';
import { callPi, spawnPi } from './testing/run-pi.ts';

type Line = {
  type: string;
  number?: number;
  statement?: string;
  event?: { id: string; at: string; personal_hash: string | null };
  personal?: { salt: string; ip: string; user_agent: string; data: unknown } | null;
  keys?: unknown[];
  events?: number;
};

let log: SealedLog;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pi-export-'));
  log = await makeSealedLog();
  await log.write(2100);
  await log.seal();
  await log.write(30);
});
after(async () => {
  await log.close();
  await rm(folder, { recursive: true, force: true });
});

const exportTo = (path: string, ...args: readonly string[]) =>
  callPi(['audit', 'export', path, ...args], log.env);
const readLines = async (path: string) =>
  (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
const idsOf = (lines: readonly Line[]) => lines.flatMap(({ event }) => event?.id ?? []);

test('an export holds keys, every seal before its events, and at the end what no seal holds yet', async () => {
  const path = join(folder, 'whole.ndjson');
  const { code, out, err } = await exportTo(path);
  assert.equal(code, 0, err);
  // The export's own event is the last one.
  assert.equal(out, `2131 events under 3 seals in ${path}\n`);
  const lines = await readLines(path);
  assert.equal(lines[0]?.type, 'pi-audit-export');
  assert.equal(lines[0].keys?.length, 1);
  assert.deepEqual(idsOf(lines), await log.ids());
  const kinds = lines.map(({ type }) => type);
  assert.deepEqual(
    kinds.flatMap((type, at) => (type === 'seal' ? [at] : [])),
    [1, 1002, 2003],
  );
  assert.equal(lines.at(-1)?.type, 'end');
  assert.equal(lines.at(-1)?.events, 2131);
  for (const { event, personal } of lines) {
    if (event === undefined || personal === undefined) continue;
    const { salt, ip, user_agent: userAgent, data } = personal ?? { salt: '', ip: '', user_agent: '' };
    assert.equal(event.personal_hash, personal === null ? null : hashPersonal({ ip, userAgent, data }, salt));
  }
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('whole')),
    ['whole.ndjson'],
  );
});

test('that an export was made stands in the log', async () => {
  const { out } = await callPi(['audit', 'list', '--event', 'audit.exported', '--json'], log.env);
  const { items } = JSON.parse(out) as { items: { data: object }[] };
  assert.deepEqual(items[0]?.data, { via: 'pi', from: null, to: null });
});

test('an export never overwrites a file', async () => {
  const path = join(folder, 'there.ndjson');
  await writeFile(path, 'mine');
  const { code, err } = await exportTo(path);
  assert.deepEqual([code, err], [1, `pi: ${path} exists already\n`]);
  assert.equal(await readFile(path, 'utf8'), 'mine');
});

test('a range brings the seals that hold its events, and these whole', async () => {
  const { rows } = await log.superuser.query<{ at: string }>(
    `select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
      from audit_log order by tx, id offset 1500 limit 1`,
  );
  const { code, out, err } = await exportTo('-', '--from', rows[0]!.at, '--to', rows[0]!.at);
  assert.equal(code, 0, err);
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  assert.deepEqual(
    lines.flatMap(({ number }) => number ?? []),
    [2],
  );
  assert.deepEqual(idsOf(lines), (await log.ids()).slice(1000, 2000));
});

test('a range in which nothing happened is a file without events', async () => {
  const { out } = await exportTo('-', '--to', '2020-01-01');
  assert.deepEqual(
    out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as Line).type),
    ['pi-audit-export', 'end'],
  );
});

test('an export that was killed goes on where it was, and ends with the same lines', async () => {
  await log.write(20_000);
  await log.seal();
  const path = await beginAndKill();
  const other = await exportTo(path, '--to', '2099-01-01');
  assert.equal(other.code, 1);
  assert.match(other.err, /was begun with other options/);
  const { code, err } = await exportTo(path);
  assert.equal(code, 0, err);
  const lines = await readLines(path);
  assert.deepEqual(idsOf(lines), await log.ids());
  const numbers = lines.flatMap(({ number }) => number ?? []);
  assert.deepEqual(
    numbers,
    numbers.map((_, at) => at + 1),
  );
});

/** Killed after a checkpoint: one that was done by then is begun again. */
async function beginAndKill(): Promise<string> {
  for (let round = 0; round < 20; round++) {
    const path = join(folder, `killed-${round}.ndjson`);
    const child = spawnPi(['audit', 'export', path], { env: log.env });
    const ended = new Promise((resolve) => child.once('close', resolve));
    while (child.exitCode === null && !existsSync(`${path}.progress`)) await delay(1);
    child.kill('SIGKILL');
    await ended;
    if (existsSync(`${path}.progress`)) return path;
  }
  throw new Error('no export was caught on its way');
}
