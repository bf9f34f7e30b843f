// For tests: everything a run of the stack leaves behind, as texts by place: what its parts logged, their metrics, every
// row of every table, every value in Redis.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { RunState } from '../../launch/data-dir-lock.ts';

export type Traces = ReadonlyMap<string, string>;

/** `dataDir`: of a stack that runs. `output`: what it printed. */
export async function collectTraces(
  dataDir: string,
  output: string,
  metricsUrls: readonly string[],
): Promise<Traces> {
  const { databaseUrl = '', redisUrl = '' } = JSON.parse(
    await readFile(join(dataDir, 'run.json'), 'utf8'),
  ) as RunState;
  const traces = new Map([['output', output]]);
  for (const [path, text] of await readFiles(dataDir)) traces.set(path, text);
  for (const url of metricsUrls) traces.set(url, await (await fetch(url)).text());
  for (const [table, text] of await dumpTables(databaseUrl)) traces.set(`table ${table}`, text);
  for (const [key, text] of await dumpRedis(redisUrl)) traces.set(`redis ${key}`, text);
  return traces;
}

/** Logs and state files; not the database's own files, nor what exists to hold a secret. */
async function readFiles(dataDir: string): Promise<[string, string][]> {
  const files = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const paths = files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(dataDir.length + 1))
    .filter((path) => !/^(?:postgres|redis|mail)\/|^master-key/.test(path));
  return Promise.all(
    paths.map(
      async (path): Promise<[string, string]> => [path, await readFile(join(dataDir, path), 'latin1')],
    ),
  );
}

/** As a dump holds them: each row as text, bytes in hexadecimal. */
async function dumpTables(url: string): Promise<[string, string][]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows: tables } = await client.query<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables
      where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  const dumps: [string, string][] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} as t`);
    dumps.push([name, rows.map(({ row }) => row).join('\n')]);
  }
  await client.end();
  return dumps;
}

async function dumpRedis(url: string): Promise<[string, string][]> {
  const redis = new Redis(url);
  const readers: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => redis.get(key),
    hash: (key) => redis.hgetall(key),
    stream: (key) => redis.xrange(key, '-', '+'),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.zrange(key, '0', '-1'),
    list: (key) => redis.lrange(key, 0, -1),
  };
  const values: [string, string][] = [];
  for (const key of await redis.keys('*')) {
    const type = await redis.type(key);
    values.push([key, `${key} ${JSON.stringify(await readers[type]?.(key))}`]);
  }
  redis.disconnect();
  return values;
}

/** Where one of the secrets stands, in any of the spellings in which it could have been written down. */
export function findSecrets(traces: Traces, secrets: ReadonlyMap<string, string>): string[] {
  const spellings = [...secrets].flatMap(([name, secret]) => {
    const bytes = Buffer.from(secret);
    const spelt = [
      secret,
      encodeURIComponent(secret),
      bytes.toString('base64').replace(/=+$/, ''),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      JSON.stringify(secret).slice(1, -1),
    ];
    return [...new Set(spelt)].map((text) => [name, text] as const);
  });
  return [...traces].flatMap(([place, text]) =>
    spellings.filter(([, spelt]) => text.includes(spelt)).map(([name]) => `${name} in ${place}`),
  );
}
