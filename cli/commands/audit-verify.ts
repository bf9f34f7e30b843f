// `pi audit verify`: computes everything again and names the first event that was edited, deleted, inserted or moved, the
// first seal that is gone or not ours, and a tail that was cut off after an anchor.

import type { Command } from 'commander';
import { readKeysFile } from '../audit/read-keys-file.ts';
import { describeVerification } from '../audit/verification.ts';
import { verifyDatabase } from '../audit/verify-database.ts';
import { verifyFile } from '../audit/verify-file.ts';
import { CliError } from '../cli-error.ts';
import { withPlace } from '../database-place/with-place.ts';
import { type Io, printAnswer } from '../io.ts';

type Options = {
  file?: string;
  keys?: string;
  pin?: string[];
  anchors: string | boolean;
  json?: true;
};

const exitCodes = `
Exit codes: 0 the log holds, 1 it does not, 2 wrong usage, 3 it could not be verified.
Events younger than the last seal (AUDIT_SEAL_SECONDS) are counted and proven by nothing yet.`;

export function addAuditVerify(parent: Command, io: Io): void {
  parent
    .command('verify')
    .description('verify the audit log, in the database or in an export')
    .option('--file <export>', 'an export, without any database')
    .option('--keys <jwks>', 'a file with the public keys to trust, as pi audit keys prints them')
    .option('--pin <thumbprint...>', 'trust those keys of the log that have these thumbprints (RFC 7638)')
    .option(
      '--anchors <file>',
      'a file of anchors; without --file, the one in DATA_DIR unless another is named',
    )
    .option('--no-anchors', 'leave the anchors out')
    .option('--json', 'answer as JSON')
    .addHelpText('after', exitCodes)
    .action(async ({ file, keys, pin, anchors, json }: Options) => {
      const wish = {
        keys: keys === undefined ? undefined : readKeysFile(keys),
        pins: pin,
        anchorsPath: typeof anchors === 'string' ? anchors : undefined,
        isAnchored: anchors !== false,
        onProgress: ({ events, seals }: { readonly events: number; readonly seals: number }) =>
          io.progress(`${events} events under ${seals} seals hold`),
      };
      const verification =
        file === undefined
          ? await withPlace(io, { purpose: 'whose audit log to verify' }, (settings) =>
              verifyDatabase(settings, wish),
            )
          : await verifyFile(file, wish);
      io.progress('');
      printAnswer(io, describeVerification(verification), json);
      const { finding } = verification.verified;
      if (finding !== undefined) throw new CliError(1, `the audit log does not hold (${finding.kind})`);
    });
}
