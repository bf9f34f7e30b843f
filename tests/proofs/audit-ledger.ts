// Operations of every kind from several clients while auth is killed and started again: the audit log against a ledger
// of what was answered. An operation that was acknowledged has exactly its event; one whose answer did not come has it or
// has not, and the state of the database agrees. Each operation names itself as the user agent.

import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { assertLedger, type LedgerEntry } from './assert-ledger.ts';
import { type Answer, type Call, send } from './http-client.ts';
import { type System, userPassword } from './start-system.ts';

export type LedgerOptions = {
  /** Acknowledged ones. */
  readonly operations: number;
  readonly clients: number;
  /** Operations between two kills, at random up to twice as many. */
  readonly killEvery: number;
};

type Person = {
  readonly id: string;
  readonly email: string;
  password: string;
  role: 'user' | 'admin';
  refreshToken: string | undefined;
};

type Kind = 'refresh' | 'login' | 'wrong' | 'logout' | 'role' | 'disable' | 'password' | 'register';

const weights: Readonly<Record<Kind, number>> = {
  refresh: 150,
  login: 6,
  wrong: 6,
  logout: 8,
  role: 16,
  disable: 6,
  password: 3,
  register: 5,
};
const draws = Object.entries(weights).flatMap(([kind, weight]) => Array<Kind>(weight).fill(kind as Kind));
const personsPerClient = 6;

/** Figures of the run; fails at the first event that is missing, twice there or made up. */
export async function proveLedger(system: System, options: LedgerOptions) {
  const ledger: LedgerEntry[] = [];
  const auth = system.auths[0]!;
  const adminToken = (await system.login(system.admin.email)).access_token;
  const startMs = performance.now();
  const state = { left: options.operations, isOver: false, kills: 0 };
  let isUp = Promise.resolve();

  /** Undefined: no answer came, or one that says that it is not known whether it was done. */
  async function act(
    kind: string,
    call: Call,
    expected: { readonly status: number; readonly event: string | undefined },
  ): Promise<Answer | undefined> {
    // Who calls while nothing listens learns nothing: what matters is what the kill cuts off.
    await isUp;
    const name = `op-${ledger.length}-${kind}`;
    const entry: LedgerEntry = { name, event: expected.event, isAcknowledged: false };
    ledger.push(entry);
    const headers = { 'user-agent': name };
    const answer = await send(auth.target, { ...call, headers }).catch(() => undefined);
    if (answer === undefined || answer.status >= 500) return undefined;
    assert.equal(answer.status, expected.status, `${name}: ${JSON.stringify(answer.body)}`);
    entry.isAcknowledged = true;
    state.left -= 1;
    return answer;
  }

  async function register(): Promise<Person | undefined> {
    const email = `${randomBytes(8).toString('hex')}@example.com`;
    const body = { email, password: userPassword };
    const call = { method: 'POST', path: '/auth/register', body };
    const made = await act('register', call, { status: 201, event: 'user.registered' });
    if (made === undefined) return undefined;
    return {
      id: String(made.body['id']),
      email,
      password: userPassword,
      role: 'user',
      refreshToken: undefined,
    };
  }

  /** False: an answer did not come, so that nobody knows how things stand with this person. */
  async function operate(person: Person, kind: Kind): Promise<boolean> {
    const { id, email, password, refreshToken } = person;
    const post = (path: string, body: unknown, token?: string): Call => ({
      method: 'POST',
      path,
      body,
      ...(token === undefined ? {} : { token }),
    });
    const patch = (body: unknown): Call => ({
      method: 'PATCH',
      path: `/admin/users/${id}`,
      token: adminToken,
      body,
    });
    const login = async () => {
      const call = post('/auth/login', { email, password });
      const answer = await act('login', call, { status: 200, event: 'login.succeeded' });
      if (answer !== undefined) person.refreshToken = String(answer.body['refresh_token']);
      return answer;
    };
    if (
      kind === 'login' ||
      (refreshToken === undefined && ['refresh', 'logout', 'password'].includes(kind))
    ) {
      return (await login()) !== undefined;
    }
    const refresh = async () => {
      const call = post('/auth/refresh', { refresh_token: person.refreshToken });
      const answer = await act('refresh', call, { status: 200, event: 'token.refreshed' });
      if (answer !== undefined) person.refreshToken = String(answer.body['refresh_token']);
      return answer;
    };
    switch (kind) {
      case 'refresh':
        return (await refresh()) !== undefined;
      case 'wrong': {
        const call = post('/auth/login', { email, password: 'wrong password' });
        return (await act('wrong', call, { status: 401, event: 'login.failed' })) !== undefined;
      }
      case 'logout': {
        const call = post('/auth/logout', { refresh_token: refreshToken });
        person.refreshToken = undefined;
        return (await act('logout', call, { status: 204, event: 'logout' })) !== undefined;
      }
      case 'role': {
        person.role = person.role === 'user' ? 'admin' : 'user';
        const changed = { status: 200, event: 'user.role_changed' };
        return (await act('role', patch({ role: person.role }), changed)) !== undefined;
      }
      case 'disable': {
        person.refreshToken = undefined;
        const off = { status: 200, event: 'user.disabled' };
        if ((await act('disable', patch({ disabled: true }), off)) === undefined) return false;
        const on = { status: 200, event: 'user.enabled' };
        return (await act('enable', patch({ disabled: false }), on)) !== undefined;
      }
      case 'password': {
        const refreshed = await refresh();
        if (refreshed === undefined) return false;
        const next = `next ${randomBytes(6).toString('hex')}`;
        const body = { current_password: password, new_password: next };
        const call = post('/auth/password', body, String(refreshed.body['access_token']));
        const changed = { status: 204, event: 'user.password_changed' };
        if ((await act('password', call, changed)) === undefined) return false;
        person.password = next;
        return true;
      }
      case 'register':
        return false; // he makes room for another
      default:
        return kind satisfies never;
    }
  }

  async function runClient(): Promise<void> {
    const persons: (Person | undefined)[] = Array<undefined>(personsPerClient).fill(undefined);
    while (state.left > 0) {
      const place = randomInt(personsPerClient);
      const person = persons[place];
      if (person === undefined) persons[place] = await register();
      else if (!(await operate(person, draws[randomInt(draws.length)]!))) persons[place] = undefined;
    }
  }

  async function killAgainAndAgain(): Promise<void> {
    for (;;) {
      const killAt = state.left - 1 - randomInt(options.killEvery * 2);
      while (!state.isOver && state.left > Math.max(killAt, 0)) await delay(5);
      if (state.isOver || state.left <= 0) return;
      // In the middle of whatever they do now.
      await delay(randomInt(20));
      const up = Promise.withResolvers<void>();
      isUp = up.promise;
      await auth.stop('SIGKILL');
      await auth.start().then(up.resolve, up.reject);
      state.kills += 1;
    }
  }

  const killing = killAgainAndAgain();
  await Promise.all(Array.from({ length: options.clients }, runClient)).finally(() => (state.isOver = true));
  await killing;
  const seconds = (performance.now() - startMs) / 1000;
  const counted = await assertLedger(system, ledger);
  return { operations: ledger.length, seconds, kills: state.kills, ...counted };
}
