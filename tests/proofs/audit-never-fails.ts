// A log that nobody touches, verified over and over while writers write and the sealer seals: every verification holds.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { makeSealedLog } from '@pi-gateway/auth/testing/sealed-log.ts';
import { Client } from 'pg';
import { verifyDatabase } from '../../cli/audit/verify-database.ts';
import { readCliSettings } from '../../cli/auth-settings.ts';

export type NeverFailsOptions = { readonly milliseconds: number; readonly writers: number };

export async function proveNeverFails({ milliseconds, writers }: NeverFailsOptions) {
  const log = await makeSealedLog();
  const settings = readCliSettings({ env: log.env });
  const endMs = performance.now() + milliseconds;
  const isOver = () => performance.now() > endMs;

  // Transactions of all lengths, some of which come to nothing.
  async function write(writer: number): Promise<void> {
    const client = new Client({ connectionString: log.database.url });
    await client.connect();
    for (let i = 0; !isOver(); i++) {
      await client.query('begin');
      await client.query(
        `insert into audit_events (id, at, event, outcome, ip, request_id, data)
          select uuid_v7(clock_timestamp()), clock_timestamp(), 'logout', 'success', '192.0.2.1', $1, '{}'
          from generate_series(1, 5)`,
        [`w${writer}`],
      );
      await delay(i % 7);
      await client.query(i % 9 === 0 ? 'rollback' : 'commit');
    }
    await client.end();
  }

  async function seal(): Promise<void> {
    while (!isOver()) await log.sealRound();
  }

  let [verifications, events, unsealedMax] = [0, 0, 0];
  async function verify(): Promise<void> {
    do {
      const { verified } = await verifyDatabase(settings, {
        keys: undefined,
        pins: undefined,
        anchorsPath: undefined,
        isAnchored: true,
        onProgress: () => undefined,
      });
      assert.equal(verified.finding, undefined, JSON.stringify(verified.finding));
      verifications++;
      events = verified.events;
      unsealedMax = Math.max(unsealedMax, verified.unsealed);
    } while (!isOver());
  }

  try {
    await Promise.all([...Array.from({ length: writers }, (_, i) => write(i)), seal(), verify()]);
    return { verifications, events, unsealedMax };
  } finally {
    await log.close();
  }
}
