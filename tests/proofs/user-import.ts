// Users of another system brought in by `pi user import`, killed with SIGKILL again and again and run once more: every
// user is there once, with one event, and signs in with the password of before. Each has a password and a salt of
// his own, half of them salted SHA-512, half PBKDF2; both cheap, so that what a login costs is our own hash.

import assert from 'node:assert/strict';
import { createHash, pbkdf2Sync } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runPi, spawnPi } from '../../cli/testing/run-pi.ts';
import { send } from './http-client.ts';
import type { System } from './start-system.ts';
import { openSuperuser, type Superuser } from './superuser.ts';

export type ImportOptions = {
  readonly users: number;
  readonly kills: number;
  /** How many of the users sign in, one after the other over all auth processes. */
  readonly logins: number;
  /** Told now and then what is done. */
  readonly onProgress?: (text: string) => void;
};

type Tally = { readonly users: number; readonly events: number; readonly targets: number };

const iterations = 100;
const atOnce = 8;
const progressEvery = 1000;
const triesMax = 20;

const emailOf = (index: number) => `user${index}@example.com`;
const passwordOf = (index: number) => `ladder ${index} of another house`;

export async function proveImport(system: System, options: ImportOptions) {
  const { users, kills, onProgress = () => undefined } = options;
  const folder = await mkdtemp(join(tmpdir(), 'pi-import-'));
  const file = join(folder, 'users.ndjson');
  const superuser = await openSuperuser(system.database.superuserUrl);
  const env = { DATABASE_URL: system.database.url };
  try {
    await writeUsers(file, users);
    const startMs = performance.now();
    const importedWhenKilled: number[] = [];
    for (let kill = 1; kill <= kills; kill += 1) {
      const from = Math.ceil((users * kill) / (kills + 1));
      importedWhenKilled.push(await killImport(superuser, { file, env, from, users }));
      onProgress(`killed with ${importedWhenKilled.at(-1)} users in`);
    }
    const { code, out, err } = await runPi(['user', 'import', file, '--json'], { env });
    assert.equal(code, 0, err);
    const importSeconds = (performance.now() - startMs) / 1000;
    const known = importedWhenKilled.at(-1) ?? 0;
    assert.deepEqual(JSON.parse(out), { imported: users - known, known, refused: 0, faults: [] });
    assert.deepEqual(await tally(superuser), { users, events: users, targets: users });
    const signedIn = await signInAll(system, options);
    const left = await countForeign(superuser);
    assert.equal(left, users - options.logins, 'each login replaced its foreign hash');
    return { users, importedWhenKilled, importSeconds, ...signedIn, foreignHashesLeft: left };
  } finally {
    await superuser.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeUsers(file: string, users: number): Promise<void> {
  const stream = createWriteStream(file);
  for (let index = 0; index < users; index += 1) {
    const line = JSON.stringify({ email: emailOf(index), password_hash: foreignHash(index) });
    if (!stream.write(`${line}\n`)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
}

function foreignHash(index: number): string {
  const [password, salt] = [passwordOf(index), `salt of ${index}`];
  if (index % 2 === 0) {
    const digest = createHash('sha512').update(password).update(salt).digest();
    return `{SSHA512}${Buffer.concat([digest, Buffer.from(salt)]).toString('base64')}`;
  }
  const key = pbkdf2Sync(password, salt, iterations, 32, 'sha256').toString('base64');
  return `pbkdf2_sha256$${iterations}$${salt}$${key}`;
}

type KillOptions = {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** Killed once so many users are in. */
  readonly from: number;
  readonly users: number;
};

/** Gives how many users are in after the kill. */
async function killImport(superuser: Superuser, { file, env, from, users }: KillOptions): Promise<number> {
  const child = spawnPi(['user', 'import', file], { env });
  const ended = once(child, 'close');
  child.stdout.resume();
  child.stderr.resume();
  while (child.exitCode === null && (await tally(superuser)).users < from);
  child.kill('SIGKILL');
  await ended;
  assert.equal(child.signalCode, 'SIGKILL', 'it was killed before its end');
  // PostgreSQL may still be busy with its last batch.
  const { users: imported } = await settledTally(superuser);
  assert.ok(imported >= from && imported < users, `${imported} users were in`);
  return imported;
}

/** After the connection of the killed process is gone. */
async function settledTally(superuser: Superuser): Promise<Tally> {
  const startMs = performance.now();
  for (;;) {
    const [busy] = await superuser.rows(
      `select count(*)::int as n from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and query like '%insert into users%'
          and state <> 'idle'`,
    );
    const now = await tally(superuser);
    assert.equal(now.events, now.users, 'each user has one event, at every instant');
    if (busy?.['n'] === 0) return now;
    assert.ok(performance.now() - startMs < 30_000, 'the last batch has not ended');
  }
}

async function tally(superuser: Superuser): Promise<Tally> {
  const [row] = await superuser.rows(
    `select (select count(*)::int from users where role = 'user') as users, count(*)::int as events,
        count(distinct target_id)::int as targets
      from audit_events where event = 'user.imported'`,
  );
  return row as unknown as Tally;
}

async function countForeign(superuser: Superuser): Promise<number> {
  const [row] = await superuser.rows(
    `select count(*)::int as n from users where password_hash not like '$argon2id$%'`,
  );
  return Number(row?.['n']);
}

async function signInAll(system: System, { users, logins, onProgress }: ImportOptions) {
  const startMs = performance.now();
  const secondsSoFar = () => (performance.now() - startMs) / 1000;
  let [next, done, cameAgain] = [0, 0, 0];

  async function signIn(index: number): Promise<void> {
    const { target } = system.auths[index % system.auths.length]!;
    const body = { email: emailOf(index), password: passwordOf(index) };
    for (let tries = 1; ; tries += 1) {
      const { status } = await send(target, { method: 'POST', path: '/auth/login', body });
      if (status === 200) return;
      // A machine that is busy with other things may say: come again.
      assert.ok(status === 503 && tries < triesMax, `user ${index}: ${status}`);
      cameAgain += 1;
      await delay(200);
    }
  }

  async function work(): Promise<void> {
    while (next < logins) {
      const nth = next;
      next += 1;
      await signIn(Math.floor((nth * users) / logins)); // spread over all of them
      done += 1;
      if (done % progressEvery === 0) {
        onProgress?.(`${done} of ${logins} signed in, ${(done / secondsSoFar()).toFixed(0)} a second`);
      }
    }
  }

  await Promise.all(Array.from({ length: atOnce }, work));
  const loginSeconds = secondsSoFar();
  return {
    logins: done,
    loginSeconds,
    loginsPerSecond: done / loginSeconds,
    loginsToldToComeAgain: cameAgain,
  };
}
