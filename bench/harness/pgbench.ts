// pgbench with the very statements that our code sends: they are taken down from the code and written into a script,
// their values put in, so that nothing but HTTP and our own work lies between the two.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Queryable } from '@pi-gateway/auth/db/database.ts';
import { findProgram } from '../../launch/find-program.ts';

type Statement = { readonly text: string; readonly values: readonly unknown[] };

/** The statements that `work` sends, none of them carried out. */
export async function recordStatements(work: (db: Queryable) => Promise<unknown>): Promise<Statement[]> {
  const statements: Statement[] = [];
  await work({
    async query({ text, values }) {
      statements.push({ text, values });
      return [];
    },
  });
  return statements;
}

/** One transaction for each client of pgbench, of these statements: so that they do not wait for each other's rows. */
export function writeScript(
  folder: string,
  name: string,
  clients: readonly (readonly Statement[])[],
): string {
  const blocks = clients.map((statements, at) => {
    const lines = statements.map(({ text, values }) =>
      text
        .replaceAll(/\$(\d+)/g, (_, number: string) => literal(values[Number(number) - 1]))
        .replaceAll(/\s+/g, ' '),
    );
    return `${at === 0 ? '\\if' : '\\elif'} :client_id = ${at}\n${lines.map((line) => `${line};\n`).join('')}`;
  });
  const file = join(folder, `${name}.sql`);
  writeFileSync(file, `begin;\n${blocks.join('')}\\endif\ncommit;\n`);
  return file;
}

export type PgbenchOptions = {
  readonly url: string;
  readonly script: string;
  readonly connections: number;
  readonly seconds: number;
};

/** Transactions a second. @throws {Error} when pgbench says none. */
export async function runPgbench({ url, script, connections, seconds }: PgbenchOptions): Promise<number> {
  const how = ['-n', '-M', 'prepared', '-c', String(connections), '-T', String(seconds)];
  const pgbench = findProgram('pgbench', 'postgresql-contrib');
  const { stdout } = await promisify(execFile)(pgbench, [...how, '-f', script, url]);
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
