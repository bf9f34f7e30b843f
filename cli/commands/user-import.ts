// `pi user import`: accounts with the password hashes of another system, or out of `pi user export`.

import { createReadStream } from 'node:fs';
import { ownPasswordClass } from '@pi-gateway/auth/crypto/password-hash.ts';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { type ImportResult, importUsers } from '../import/import-users.ts';
import { type Io, printAnswer } from '../io.ts';
import { readWholeUpTo } from '../read-whole.ts';
import { withDatabase } from '../with-database.ts';

type Options = { maxCostMs: number; json?: true };

const faultsShown = 20;
const costMsMax = 5000;

export function addUserImport(parent: Command, io: Io): void {
  parent
    .command('import')
    .description(
      'take accounts with their password hashes from JSON lines; run it again after an interruption',
    )
    .argument('<file>', 'the file, or - for standard input')
    .option(
      '--max-cost-ms <ms>',
      'what verifying all kinds of imported hashes may add to every login until their owners have signed in',
      readWholeUpTo(costMsMax),
      500,
    )
    .option('--json', 'answer as JSON')
    .action(async (path: string, options: Options) => {
      const source = path === '-' ? io.stdin : createReadStream(path);
      const result = await withDatabase(io, (db, settings) =>
        importUsers(db, source as AsyncIterable<Buffer>, {
          costMsMax: options.maxCostMs,
          ownClass: ownPasswordClass({
            memoryKib: settings.passwordHashMemoryKib,
            passes: settings.passwordHashPasses,
          }),
          onProgress: (soFar) => io.progress(describe(soFar)),
        }),
      );
      io.progress('');
      for (const { line, detail } of result.faults.slice(0, faultsShown)) {
        io.err(`line ${line}: ${detail}\n`);
      }
      printAnswer(io, { text: describe(result), json: result }, options.json);
      if (result.refused > 0)
        throw new CliError(4, `${result.refused} lines were refused, all others are in`);
    });
}

function describe({ imported, known, refused }: ImportResult): string {
  return `${imported} imported, ${known} known already, ${refused} refused`;
}
