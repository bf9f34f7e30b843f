// `pi user erase`: deletes an account and everything that tells of the person, for good. The events stay, without him.

import { eraseUser } from '@pi-gateway/auth/rights/erase-user.ts';
import { problems } from '@pi-gateway/problem/problems.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import type { Command } from 'commander';
import { findIdByEmail } from '../change-user.ts';
import { CliError } from '../cli-error.ts';
import { openLimits } from '../forgive-failures.ts';
import { type Io, printAnswer } from '../io.ts';
import { publishRevocations } from '../publish-revocations.ts';
import { readEmail } from '../read-email.ts';
import { withOwnerDatabase } from '../with-database.ts';

export function addUserErase(parent: Command, io: Io): void {
  parent
    .command('erase')
    .description(
      'delete an account and all that tells of the person, for good; the audit log still proves itself',
    )
    .argument('<user>', 'its id or address; an id that was erased before is swept once more')
    .option('--json', 'answer as JSON')
    .action(async (named: string, options: { json?: true }) => {
      const { id, sideRows, sessionsEnded } = await erase(io, named);
      const text = `${id} is erased: ${sessionsEnded} sessions ended, ${sideRows} side rows of the audit log are gone`;
      printAnswer(
        io,
        { text, json: { id, side_rows: sideRows, sessions_ended: sessionsEnded } },
        options.json,
      );
    });
}

async function erase(io: Io, named: string) {
  return withOwnerDatabase(io, async (db, settings) => {
    const wanted = { erased: true } as const;
    const id = isUuidV7(named) ? named : await findIdByEmail(db, settings, readEmail(named), wanted);
    if (id === undefined) throw new CliError(1, `there is no account ${named}`);
    const limits = await openLimits(settings);
    try {
      const deps = { config: settings, accountKey: limits.accountKey };
      const erased = await eraseUser(db, deps, id);
      if (erased.kind === 'unknown_user') throw new CliError(1, `there is no account ${named}`);
      if (erased.kind === 'last_admin') throw new CliError(1, problems.last_admin.detail);
      await publishRevocations(settings.redisUrl, erased.revocations);
      if (erased.email !== undefined) await limits.forgiveFailures(limits.accountKey(erased.email));
      // What was on its way meanwhile.
      const swept = await eraseUser(db, deps, id, erased.email);
      const late = swept.kind === 'erased' ? swept.sideRows : 0;
      return { id, sideRows: erased.sideRows + late, sessionsEnded: erased.sessionsEnded };
    } finally {
      await limits.close();
    }
  });
}
