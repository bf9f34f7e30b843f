// A backup: gzip of lines. The head names the format and the migrations, `["table",{row}]` follows row by row, each as
// PostgreSQL writes it, and the end holds the number of rows of each table and the SHA-256 of all bytes before it.

import type { Hash } from 'node:crypto';
import { CliError } from '../cli-error.ts';

export const backupFormat = 'pi-backup/1';

export type BackupHead = {
  readonly type: 'head';
  readonly format: typeof backupFormat;
  /** RFC 3339. */
  readonly at: string;
  readonly migrations: readonly string[];
};

export type BackupEnd = {
  readonly type: 'end';
  readonly rows: Readonly<Record<string, number>>;
  readonly sha256: string;
};

export const formatRow = (table: string, row: string): string => `["${table}",${row}]\n`;

/** The table, and the row as PostgreSQL wrote it. */
export function readRow(line: string): { readonly table: string; readonly row: string } {
  const [, table, row] = /^\["([a-z0-9_]+)",(\{.*\})\]$/s.exec(line) ?? [];
  if (table === undefined || row === undefined) throw damaged();
  return { table, row };
}

/** @throws {CliError} when it is no backup, or of a format that this version does not know. */
export function readHead(line: string): BackupHead {
  const head = readObject(line) as Partial<BackupHead>;
  if (head.type !== 'head' || !Array.isArray(head.migrations)) throw damaged();
  if (head.format !== backupFormat)
    throw new CliError(1, `the backup is of format ${head.format}: this version reads ${backupFormat}`);
  return head as BackupHead;
}

/** `before`: of all bytes before this line. @throws {CliError} when anything is not as it was written. */
export function checkEnd(line: string, before: Hash, rows: ReadonlyMap<string, number>): BackupEnd {
  const end = readObject(line) as Partial<BackupEnd>;
  const isWhole =
    end.type === 'end' &&
    end.sha256 === before.digest('hex') &&
    JSON.stringify(Object.entries(end.rows ?? {})) === JSON.stringify([...rows]);
  if (!isWhole) throw damaged();
  return end as BackupEnd;
}

export function damaged(): CliError {
  return new CliError(1, 'the file is no backup, or is damaged: nothing was restored');
}

function readObject(line: string): object {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // no JSON
  }
  throw damaged();
}
