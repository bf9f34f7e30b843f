// The audit log, the ledger and the state, held against one another.

import assert from 'node:assert/strict';
import type { System } from './start-system.ts';
import { openSuperuser, type Superuser } from './superuser.ts';

export type LedgerEntry = {
  /** The user agent of its request: no other has it. */
  readonly name: string;
  /** The event that it leaves when it is done. */
  readonly event: string | undefined;
  isAcknowledged: boolean;
};

export async function assertLedger(system: System, ledger: readonly LedgerEntry[]) {
  const superuser = await openSuperuser(system.database.superuserUrl);
  try {
    const unacknowledged = await assertEvents(superuser, ledger);
    for (const [what, sql] of contradictions) {
      const rows = await superuser.rows(sql);
      assert.deepEqual(rows.slice(0, 3), [], what);
    }
    return {
      acknowledged: ledger.length - unacknowledged.length,
      unacknowledged: unacknowledged.length,
      unacknowledgedButDone: unacknowledged.filter((isDone) => isDone).length,
    };
  } finally {
    await superuser.close();
  }
}

/** Of each operation that was not acknowledged: whether it has an event. */
async function assertEvents(superuser: Superuser, ledger: readonly LedgerEntry[]): Promise<boolean[]> {
  const rows = await superuser.rows(
    `select user_agent, event from audit_events where user_agent like 'op-%'`,
  );
  const events = new Map<string, string[]>();
  for (const { user_agent: name, event } of rows) {
    events.set(String(name), [...(events.get(String(name)) ?? []), String(event)]);
  }
  const unacknowledged: boolean[] = [];
  for (const { name, event, isAcknowledged } of ledger) {
    const left = events.get(name) ?? [];
    events.delete(name);
    if (isAcknowledged) {
      assert.deepEqual(left, [event], `${name} was acknowledged`);
    } else {
      assert.ok(left.length === 0 || (left.length === 1 && left[0] === event), `${name}: ${left.join()}`);
      unacknowledged.push(left.length === 1);
    }
  }
  assert.deepEqual([...events].slice(0, 3), [], 'events of nothing that was ever done');
  return unacknowledged;
}

/** Where state and events contradict each other; each finds no row. */
const contradictions = [
  [
    'an account without its event, or an event without its account',
    `select users.id, target_id from users
      full join (select target_id from audit_log where event = 'user.registered') as made on target_id = users.id
      where users.id is null or target_id is null`,
  ],
  [
    'a session without its login, or a login without its session',
    `select sessions.id, session_id from sessions
      full join (select session_id from audit_log where event = 'login.succeeded') as login
        on session_id = sessions.id
      where sessions.id is null or session_id is null`,
  ],
  [
    'a session that has turned more or less often than its events tell',
    `select sessions.id, generation, refreshed from sessions
      left join (select session_id, count(*) as refreshed from audit_log where event = 'token.refreshed'
        group by session_id) as turns on session_id = sessions.id
      where generation <> 1 + coalesce(refreshed, 0)`,
  ],
  [
    'a logout of a session that lives, or a session logged out without an event',
    `select sessions.id from sessions
      full join (select session_id from audit_log where event = 'logout') as logout on session_id = sessions.id
      where (session_id is null) <> (revoke_reason is distinct from 'logout')`,
  ],
  [
    'a role that the last change did not leave',
    `select users.id, role, last_to from users
      join (select distinct on (target_id) target_id, data ->> 'to' as last_to from audit_log
        where event = 'user.role_changed' order by target_id, id desc) as changed on target_id = users.id
      where role <> last_to`,
  ],
  [
    'a change of role that does not begin where the one before ended',
    `select * from (select data ->> 'from' as began,
        lag(data ->> 'to', 1, 'user') over (partition by target_id order by id) as ended
      from audit_log where event = 'user.role_changed') as changes where began <> ended`,
  ],
  [
    'an account that is not as its last event of disabling or enabling says',
    `select users.id from users
      left join (select distinct on (target_id) target_id, event from audit_log
        where event in ('user.disabled', 'user.enabled') order by target_id, id desc) as changed
        on target_id = users.id
      where (disabled_at is not null) <> (event is not distinct from 'user.disabled')`,
  ],
] as const;
