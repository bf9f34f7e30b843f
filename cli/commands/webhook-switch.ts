// `pi webhook enable` and `pi webhook disable`. While disabled nothing is sent and nothing is lost: the log keeps it.

import { switchWebhook } from '@pi-gateway/auth/webhooks/change-webhooks.ts';
import type { Command } from 'commander';
import { type Io, printAnswer } from '../io.ts';
import { onWebhook } from '../webhook-endpoint.ts';
import { withDatabase } from '../with-database.ts';

export function addWebhookSwitch(parent: Command, io: Io): void {
  addOne(parent, io, 'enable', 'go on sending where it stopped');
  addOne(parent, io, 'disable', 'send nothing until it is enabled again');
}

function addOne(parent: Command, io: Io, name: 'enable' | 'disable', description: string): void {
  parent
    .command(name)
    .description(description)
    .argument('<id>', 'its id, as pi webhook list shows it')
    .option('--json', 'answer as JSON')
    .action(async (id: string, options: { json?: true }) => {
      await onWebhook(id, () => withDatabase(io, (db) => switchWebhook(db, id, name === 'enable')));
      printAnswer(io, { text: `${id} is ${name}d`, json: { id, state: `${name}d` } }, options.json);
    });
}
