// `pi audit check-proof`: what a proof of `pi audit prove` shows. It needs no database and no setting.

import type { PublicJwk } from '@pi-gateway/auth/crypto/signing-key.ts';
import { checkProof } from '@pi-gateway/auth/proving/event-proof.ts';
import { thumbprint } from '@pi-gateway/auth/proving/trusted-keys.ts';
import type { Command } from 'commander';
import { chooseKeys } from '../audit/choose-keys.ts';
import { readJsonFile, readKeysFile } from '../audit/read-keys-file.ts';
import { CliError } from '../cli-error.ts';
import { type Io, printAnswer } from '../io.ts';

type Options = { keys?: string; pin?: string[]; json?: true };

export function addAuditCheckProof(parent: Command, io: Io): void {
  parent
    .command('check-proof')
    .description('check a proof of pi audit prove: exit code 0 when it holds, 1 when it does not')
    .argument('<file>', 'the proof')
    .option('--keys <jwks>', 'a file with the public keys to trust')
    .option(
      '--pin <thumbprint...>',
      'trust the key of the proof if it has one of these thumbprints (RFC 7638)',
    )
    .option('--json', 'answer as JSON')
    .action((path: string, { keys, pin, json }: Options) => {
      const given = keys === undefined ? undefined : readKeysFile(keys);
      const choose = (claimed: PublicJwk) =>
        chooseKeys({ given, pins: pin, opened: undefined, anchors: undefined, claimed: [claimed] }).keys;
      const checked = checkProof(readJsonFile(path), choose);
      if (checked.kind === 'refused') throw new CliError(1, `the proof does not hold: ${checked.why}`);
      const { event, key } = checked.proof;
      const { number, at } = checked.statement;
      const isTrusted = given !== undefined || pin !== undefined;
      const text = [
        `the proof holds: event ${event.id} of ${event.at} stands in seal ${number} of ${at}`,
        isTrusted
          ? 'signed by a key that you trust'
          : `signed by the key that the proof itself names: compare its thumbprint ${thumbprint(key)}`,
      ].join('\n');
      const answer = {
        holds: true,
        event,
        seal: number,
        sealed_at: at,
        thumbprint: thumbprint(key),
        trusted: isTrusted,
      };
      printAnswer(io, { text, json: answer }, json);
    });
}
