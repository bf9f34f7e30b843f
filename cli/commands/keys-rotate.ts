// `pi keys rotate`: publishes a new signing key, which takes over once every gateway knows it.

import { rotateSigningKey } from '@pi-gateway/auth/keys/change-signing-keys.ts';
import type { Command } from 'commander';
import { type Io, printAnswer } from '../io.ts';
import { readSealKey } from '../read-master-key.ts';
import { withDatabase } from '../with-database.ts';

export function addKeysRotate(parent: Command, io: Io): void {
  parent
    .command('rotate')
    .description('publish a new signing key; it signs as soon as every gateway knows it')
    .option('--json', 'answer as JSON')
    .action(async (options: { json?: true }) => {
      const { kid, activeAt, isNew } = await withDatabase(io, (db, settings) =>
        rotateSigningKey(db, readSealKey(settings)),
      );
      const active_at = new Date(activeAt / 1000).toISOString();
      const text = isNew
        ? `${kid} is published and signs from ${active_at}`
        : `${kid} is on its way already and signs from ${active_at}`;
      printAnswer(io, { text, json: { kid, active_at, is_new: isNew } }, options.json);
    });
}
