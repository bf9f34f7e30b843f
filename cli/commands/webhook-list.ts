// `pi webhook list`: where events go, and how it fares.

import { countDeadDeliveries, countWebhookBacklogs } from '@pi-gateway/auth/store/webhook-deliveries.ts';
import { listWebhookEndpoints } from '@pi-gateway/auth/store/webhook-endpoints.ts';
import type { Command } from 'commander';
import { formatTable, type Io, printAnswer } from '../io.ts';
import { encodeWebhook } from '../webhook-endpoint.ts';
import { withDatabase } from '../with-database.ts';

const waitingMax = 1000;

export function addWebhookList(parent: Command, io: Io): void {
  parent
    .command('list')
    .description('list webhooks')
    .option('--json', 'answer as JSON')
    .action(async (options: { json?: true }) => {
      const items = await withDatabase(io, async (db) => {
        const endpoints = await listWebhookEndpoints(db);
        const backlogs = await countWebhookBacklogs(db, waitingMax);
        const dead = await countDeadDeliveries(db);
        return endpoints.map((endpoint) => ({
          ...encodeWebhook(endpoint),
          waiting: backlogs.find(({ endpointId }) => endpointId === endpoint.id)?.waiting ?? 0,
          dead: dead.get(endpoint.id) ?? 0,
        }));
      });
      const rows = items.map(({ id, url, events, state, disabled_reason, waiting, dead }) => ({
        id,
        state: disabled_reason === null ? state : `${state} (${disabled_reason})`,
        waiting: waiting === waitingMax ? `${waiting}+` : String(waiting),
        dead: String(dead),
        events: events?.join(',') ?? 'all',
        url,
      }));
      printAnswer(io, { text: formatTable(rows, 'no webhooks'), json: { items } }, options.json);
    });
}
