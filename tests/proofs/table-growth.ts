// Refresh after refresh, and no table has grown: a session is one row however often its token changes. The one
// that does grow is the audit log, by exactly one event for each rotation, as it must. Users refresh side by side over
// all auth processes, each with the successor of its last token, for as long or as often as asked.

import assert from 'node:assert/strict';
import { send } from './http-client.ts';
import type { System } from './start-system.ts';
import { openSuperuser, type Superuser } from './superuser.ts';

export type GrowthOptions = { readonly refreshes: number; readonly secondsMax: number };

const sessions = 16;

export async function proveNoGrowth(system: System, { refreshes, secondsMax }: GrowthOptions) {
  const superuser = await openSuperuser(system.database.superuserUrl);
  const tokens: string[] = [];
  for (let i = 0; i < sessions; i += 1) {
    const { email } = await system.register();
    tokens.push((await system.login(email)).refresh_token);
  }
  const before = await countRows(superuser);
  const startMs = performance.now();
  let done = 0;

  async function refreshOn(first: string, index: number): Promise<void> {
    let token = first;
    while (done < refreshes && performance.now() - startMs < secondsMax * 1000) {
      done += 1;
      const { target } = system.auths[(index + done) % system.auths.length]!;
      const body = { refresh_token: token };
      const answer = await send(target, { method: 'POST', path: '/auth/refresh', body });
      assert.deepEqual([answer.status, answer.outcome], [200, 'rotated'], JSON.stringify(answer.body));
      token = String(answer.body['refresh_token']);
    }
  }

  await Promise.all(tokens.map(refreshOn));
  const seconds = (performance.now() - startMs) / 1000;
  const after = await countRows(superuser);
  const grown = [...after].filter(([table, rows]) => rows !== before.get(table));
  assert.deepEqual(
    grown.map(([table, rows]) => [table, rows - (before.get(table) ?? 0)]),
    [['audit_events', done]],
  );
  const [disk] = await superuser.rows(`select pg_total_relation_size('sessions')::int as bytes`);
  await superuser.close();
  return {
    refreshes: done,
    seconds,
    refreshesPerSecond: done / seconds,
    rowsBefore: Object.fromEntries(before),
    rowsAfter: Object.fromEntries(after),
    sessionsTableBytes: Number(disk?.['bytes']),
  };
}

async function countRows(superuser: Superuser): Promise<Map<string, number>> {
  const tables = await superuser.rows(
    // The view of the audit log stands for the partitions and the seals under it.
    `select table_name as name from information_schema.tables
      where table_schema = 'public' and (table_name = 'audit_events' or table_name not like 'audit%') order by 1`,
  );
  const counts = new Map<string, number>();
  for (const { name } of tables) {
    const [row] = await superuser.rows(`select count(*)::int as n from ${name}`);
    counts.set(String(name), Number(row?.['n']));
  }
  return counts;
}
