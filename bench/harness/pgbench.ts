// pgbench with the very statements that our code sends: they are taken down from the code and written into a script,
// their values put in, so that nothing but HTTP and our own work lies between the two.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database, Queryable } from '@pi-gateway/auth/db/database.ts';
import { findProgram } from '../../launch/find-program.ts';
import { runProgram } from './processes.ts';

type Statement = Parameters<Queryable['query']>[0];

/**
 * The statements that `work` sends, none of them carried out, as SQL with their values in it.
 * @param answers rows for those whose answer decides what comes next, by name.
 */
export async function recordStatements(
  work: (db: Database) => Promise<unknown>,
  answers: Readonly<Record<string, readonly unknown[]>> = {},
): Promise<string[]> {
  const statements: string[] = [];
  const tx: Queryable = {
    query<Row>({ name, text, values }: Statement) {
      statements.push(fillIn(text, values));
      return Promise.resolve((answers[name] ?? []) as Row[]);
    },
  };
  await work({
    ...tx,
    async transaction(inside) {
      statements.push('begin');
      const value = await inside(tx);
      statements.push('commit');
      return value;
    },
    counts: () => ({ total: 0, idle: 0, waiting: 0 }),
    close: () => Promise.resolve(),
  });
  return statements;
}

function fillIn(text: string, values: readonly unknown[]): string {
  const filled = text.replaceAll(/\$(\d+)/g, (_, number: string) => literal(values[Number(number) - 1]));
  return filled.replaceAll(/\s+/g, ' ').trim();
}

/** A script whose clients do each the lines of their own: so that they do not wait for each other's rows. */
export function writeScript(folder: string, name: string, clients: readonly (readonly string[])[]): string {
  const blocks = clients.map(
    (lines, at) => `${at === 0 ? '\\if' : '\\elif'} :client_id = ${at}\n${lines.join('\n')}\n`,
  );
  const file = join(folder, `${name}.sql`);
  writeFileSync(file, `${blocks.join('')}\\endif\n`);
  return file;
}

export type PgbenchOptions = {
  readonly url: string;
  readonly script: string;
  readonly connections: number;
  readonly seconds: number;
  /** What the script's variables are at the start. */
  readonly variables?: Readonly<Record<string, number>>;
};

/** Transactions a second. @throws {Error} when pgbench says none. */
export async function runPgbench(options: PgbenchOptions): Promise<number> {
  const { url, script, connections, seconds, variables = {} } = options;
  const given = Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
  const how = ['-n', '-M', 'prepared', '-c', String(connections), '-T', String(seconds), ...given];
  const pgbench = findProgram('pgbench', 'postgresql-contrib');
  const stdout = await runProgram(pgbench, [...how, '-f', script, url]);
  const perSecond = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1]);
  if (!(perSecond > 0)) throw new Error(`pgbench said nothing of use:\n${stdout}`);
  return perSecond;
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number') return String(value);
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'`;
  // Each in the form of its own: an array of texts, of numbers or of bytes.
  if (Array.isArray(value)) return `array[${value.map(literal).join(',')}]`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // pgbench takes a colon before a name for a variable.
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll(':', '\\u003a')}'`;
}
