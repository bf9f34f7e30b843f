// `pi webhook rotate`: a new secret. For some time the one before signs too, so that the receiver can change over.

import { rotateWebhookSecret } from '@pi-gateway/auth/webhooks/change-webhooks.ts';
import { type Command, Option } from 'commander';
import { type Io, printAnswer } from '../io.ts';
import { readDurationUpTo } from '../read-duration.ts';
import { readWebhookKey } from '../read-master-key.ts';
import { onWebhook } from '../webhook-endpoint.ts';
import { withDatabase } from '../with-database.ts';

const daySeconds = 86_400;

export function addWebhookRotate(parent: Command, io: Io): void {
  parent
    .command('rotate')
    .description('make a new secret, shown this once; the one before signs too for a while')
    .argument('<id>', 'its id, as pi webhook list shows it')
    .addOption(
      new Option('--overlap <time>', 'for how long both sign')
        .argParser(readDurationUpTo(30 * daySeconds))
        .default(daySeconds, '24h'),
    )
    .option('--json', 'answer as JSON')
    .action(async (id: string, { overlap, json }: { overlap: number; json?: true }) => {
      const secret = await onWebhook(id, () =>
        withDatabase(io, (db, settings) => rotateWebhookSecret(db, readWebhookKey(settings), id, overlap)),
      );
      const text = `secret   ${secret}\nIt is shown this once; the one before signs too for ${overlap} s.`;
      printAnswer(io, { text, json: { id, secret, overlap_seconds: overlap } }, json);
    });
}
