// `pi user export`: every account with its password hash, for whoever owns the installation. The file is made
// for its owner alone and never over another; that it was made stands in the audit before its first line.

import { closeSync, openSync, writeSync } from 'node:fs';
import { noOrigin } from '@pi-gateway/auth/audit/audit-event.ts';
import { insertAuditEvent } from '@pi-gateway/auth/store/audit-events.ts';
import { type BulkUser, listUsersWithHashes } from '@pi-gateway/auth/store/users-in-bulk.ts';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { type Io, printAnswer } from '../io.ts';
import { withDatabase } from '../with-database.ts';

const pageSize = 500;

export function addUserExport(parent: Command, io: Io): void {
  parent
    .command('export')
    .description('write every account with its password hash as JSON lines, which import reads')
    .argument('<file>', 'the file to make, or - for standard output')
    .option('--json', 'answer as JSON')
    .action(async (path: string, options: { json?: true }) => {
      const file = path === '-' ? undefined : makeFile(path);
      const write = (text: string) => (file === undefined ? io.out(text) : writeAll(file, text));
      try {
        const exported = await exportUsers(io, write);
        const answer = { text: `${exported} accounts in ${path}`, json: { exported } };
        if (file !== undefined) printAnswer(io, answer, options.json);
      } finally {
        if (file !== undefined) closeSync(file);
      }
    });
}

/** In the order of their making, page by page. An account made meanwhile comes last. */
async function exportUsers(io: Io, write: (text: string) => void): Promise<number> {
  return withDatabase(io, async (db) => {
    await insertAuditEvent(db, {
      ...noOrigin,
      event: 'users.exported',
      outcome: 'success',
      actorId: null,
      targetId: null,
      sessionId: null,
      data: { via: 'pi' },
    });
    let exported = 0;
    let afterId: string | undefined;
    for (;;) {
      const page = await listUsersWithHashes(db, afterId, pageSize);
      write(page.map((user) => `${JSON.stringify(encode(user))}\n`).join(''));
      exported += page.length;
      io.progress(`${exported} exported`);
      if (page.length < pageSize) break;
      afterId = page.at(-1)?.id;
    }
    io.progress('');
    return exported;
  });
}

function encode(user: BulkUser & { readonly createdAt: number }) {
  return {
    id: user.id,
    email: user.email,
    password_hash: user.passwordHash,
    role: user.role,
    disabled: user.isDisabled,
    created_at: time(user.createdAt),
    last_login_at: user.lastLoginAt === undefined ? null : time(user.lastLoginAt),
  };
}

// To the microsecond, so that what is read again is the same.
function time(micros: number): string {
  const digits = String(micros % 1_000_000).padStart(6, '0');
  return `${new Date(Math.floor(micros / 1_000_000) * 1000).toISOString().slice(0, 19)}.${digits}Z`;
}

function makeFile(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(1, code === 'EEXIST' ? `${path} exists already` : `cannot make ${path} (${code})`);
  }
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}
