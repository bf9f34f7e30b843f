// `pi webhook remove`: nothing more goes there; what waited is dropped.

import { removeWebhook } from '@pi-gateway/auth/webhooks/change-webhooks.ts';
import type { Command } from 'commander';
import { type Io, printAnswer } from '../io.ts';
import { onWebhook } from '../webhook-endpoint.ts';
import { withDatabase } from '../with-database.ts';

export function addWebhookRemove(parent: Command, io: Io): void {
  parent
    .command('remove')
    .description('send nothing more to a webhook, and drop what waited for it')
    .argument('<id>', 'its id, as pi webhook list shows it')
    .option('--json', 'answer as JSON')
    .action(async (id: string, options: { json?: true }) => {
      await onWebhook(id, () => withDatabase(io, (db) => removeWebhook(db, id)));
      printAnswer(io, { text: `${id} is removed`, json: { id } }, options.json);
    });
}
