// Fifty requests refresh one token at once, half at each of two auth processes, round after round: one living
// session, one successor, fifty answers of 200. Then the same with a logout, a disable, a change of password or of role thrown
// in among them: when all have been answered, nothing of what should be dead lives, at auth or at the gateway
// that carried the change.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { readRefreshToken } from '../../services/auth/crypto/refresh-token.ts';
import { type Answer, send, type Tokens } from './http-client.ts';
import { readClaims } from './read-claims.ts';
import { type System, userPassword } from './start-system.ts';
import { openSuperuser } from './superuser.ts';

const parallelMax = 50;

function refresh(system: System, refresh_token: string, at: number): Promise<Answer> {
  const { target } = system.auths[at % system.auths.length]!;
  return send(target, { method: 'POST', path: '/auth/refresh', body: { refresh_token } });
}

function refreshAtOnce(system: System, token: string): Promise<Answer[]> {
  return Promise.all(Array.from({ length: parallelMax }, (_, i) => refresh(system, token, i)));
}

/** The one session's tokens pass from round to round: each round's successor is the next one's token. */
export async function proveOneSuccessor(system: System, rounds: number) {
  const superuser = await openSuperuser(system.database.superuserUrl);
  const user = await system.register();
  let { refresh_token: token } = await system.login(user.email);
  const startMs = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    const answers = await refreshAtOnce(system, token);
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200], `round ${round}`);
    const successors = new Set(answers.map(({ body }) => String(body['refresh_token'])));
    assert.equal(successors.size, 1, `round ${round}`);
    assert.equal(answers.filter(({ outcome }) => outcome === 'rotated').length, 1, `round ${round}`);
    assert.equal(answers.filter(({ outcome }) => outcome === 'repeated').length, parallelMax - 1);
    [token = ''] = successors;
  }
  const seconds = (performance.now() - startMs) / 1000;
  const [sessions] = await superuser.rows(
    'select count(*)::int as all, count(*) filter (where revoked_at is null)::int as living from sessions where user_id = $1',
    [user.id],
  );
  assert.deepEqual(sessions, { all: 1, living: 1 });
  assert.equal(await superuser.countEvents('token.refreshed', user.id), rounds);
  assert.equal(await superuser.countEvents('token.reuse_detected', user.id), 0);
  await superuser.close();
  return {
    rounds,
    answersOf200: rounds * parallelMax,
    seconds,
    refreshesPerSecond: (rounds * parallelMax) / seconds,
  };
}

export const rightsChanges = ['logout', 'disable', 'password change', 'role change'] as const;
type RightsChange = (typeof rightsChanges)[number];

const passwords = [userPassword, 'nine green ladders'] as const;
// Two hashes: so long a change of password takes until its transaction begins.
const hashingMs = 150;

/** What is refused afterwards is refused by both auth processes and by the gateway worker that carried the change. */
export async function proveNothingSurvives(system: System, change: RightsChange, rounds: number) {
  const macKey = deriveSecret(system.masterKey, 'refresh-token-mac/v1');
  const superuser = await openSuperuser(system.database.superuserUrl);
  const [carrier] = system.gateways[0]!.workers;
  const { target } = carrier!;
  const admin = (await system.login(system.admin.email)).access_token;
  const user = await system.register();
  const patch = (body: unknown) =>
    send(target, { method: 'PATCH', path: `/api/admin/users/${user.id}`, token: admin, body });
  let [password, nextPassword]: readonly [string, string] = passwords;
  let tokens = await system.login(user.email);
  let role = 'user';
  let refreshedBefore = 0;

  const post = (path: string, body: unknown, token?: string) =>
    send(target, { method: 'POST', path, body, ...(token === undefined ? {} : { token }) });

  /** `other` is another session of the same user. */
  async function end(other: Tokens): Promise<void> {
    role = change === 'role change' && role === 'user' ? 'admin' : 'user';
    const asked = {
      logout: () => post('/api/auth/logout', { refresh_token: tokens.refresh_token }),
      disable: () => patch({ disabled: true }),
      'role change': () => patch({ role }),
      'password change': () =>
        post(
          '/api/auth/password',
          { current_password: password, new_password: nextPassword },
          other.access_token,
        ),
    };
    const answer = await asked[change]();
    assert.ok(answer.status === 204 || answer.status === 200, JSON.stringify(answer.body));
    if (change === 'password change') [password, nextPassword] = [nextPassword, password];
  }

  async function assertAccess(token: string, isAlive: boolean, round: number): Promise<void> {
    const status = isAlive ? 200 : 401;
    const asked = [
      send(target, { path: '/up/x', token }),
      send(target, { path: '/api/auth/me', token }),
      ...system.auths.map((auth) => send(auth.target, { path: '/auth/me', token })),
    ];
    const statuses = (await Promise.all(asked)).map((answer) => answer.status);
    assert.deepEqual([...new Set(statuses)], [status], `${change}, round ${round}`);
  }

  for (let round = 0; round < rounds; round += 1) {
    const token = tokens.refresh_token;
    const other = change === 'password change' ? await system.login(user.email, password) : tokens;
    // The change is thrown in somewhere among them, earlier or later each time.
    const aheadMs = change === 'password change' ? Math.random() * hashingMs : 0;
    const [answers] = await Promise.all([
      delay(aheadMs).then(() => refreshAtOnce(system, token)),
      delay(aheadMs > 0 ? 0 : Math.random() * 30).then(() => end(other)),
    ]);
    const good = answers.filter(({ status }) => status === 200);
    const unexpected = answers.filter(({ status }) => status !== 200 && status !== 401);
    assert.deepEqual(
      unexpected.map(({ body }) => body),
      [],
      `round ${round}`,
    );
    refreshedBefore += good.length;
    const successors = new Set(good.map(({ body }) => String(body['refresh_token'])));
    assert.ok(successors.size <= 1, `round ${round}`);
    await assertAccess(tokens.access_token, false, round);
    if (change === 'role change') {
      // Rights end, the session does not: whatever token is good says the new role.
      assert.equal(good.length, parallelMax, `round ${round}`);
      for (const { body } of good) {
        const accessToken = String(body['access_token']);
        await assertAccess(accessToken, readClaims(accessToken).roles[0] === role, round);
      }
      const [successor = ''] = successors;
      const next = await refresh(system, successor, round);
      assert.equal(readClaims(String(next.body['access_token'])).roles[0], role);
      await assertAccess(String(next.body['access_token']), true, round);
      tokens = next.body as Tokens;
      continue;
    }
    for (const { body } of good) await assertAccess(String(body['access_token']), false, round);
    for (const one of [token, ...successors]) {
      for (const at of system.auths.keys()) assert.equal((await refresh(system, one, at)).status, 401);
    }
    const { sessionId } = readRefreshToken(token, macKey)!;
    assert.equal(await superuser.countEvents('token.reuse_detected', sessionId), 0);
    if (change === 'disable') assert.equal((await patch({ disabled: false })).status, 200);
    tokens = await system.login(user.email, password);
  }
  await superuser.close();
  return { change, rounds, answersOf200BeforeTheEnd: refreshedBefore };
}
