// A whole journey through the stack, with every secret recorded: what was typed, issued, mailed, configured and derived,
// right and wrong. Then everything the run left behind is searched. On its way hostile clients try to write into the
// logs, and to vanish before their events are written.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { AuditEventName, AuditOutcome } from '@pi-gateway/auth/audit/audit-event.ts';
import { eventCatalogue } from '@pi-gateway/auth/audit/event-catalogue.ts';
import { hashNonce, readRefreshToken } from '@pi-gateway/auth/crypto/refresh-token.ts';
import { listMails, mailFolderOf } from '@pi-gateway/auth/mail/mail-folder.ts';
import { callProof, forwardProof } from '@pi-gateway/gateway-link/gateway-proof.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { Client } from 'pg';
import { runPi } from '../../cli/testing/run-pi.ts';
import type { RunState } from '../../launch/data-dir-lock.ts';
import { freePorts } from '../journeys/free-ports.ts';
import { startSpanReceiver } from '../journeys/span-receiver.ts';
import { choosePlace, type Place, type System, startSystem } from '../journeys/spawn-system.ts';
import { call, type Tokens } from '../journeys/walk.ts';
import { collectTraces, findSecrets } from './collect-traces.ts';

const masterKey = randomBytes(32);
const serviceSecret = randomBytes(24).toString('hex');
const seenMs = 20_000;
const secrets = new Map<string, string>();
let place: Place;
let dataDir = '';
let system: System;
let metricsUrls: string[] = [];
let client: Client;
let spans: Awaited<ReturnType<typeof startSpanReceiver>>;
let lastRequestId = '';

function secret(name: string, value: string): string {
  secrets.set(name, value);
  return value;
}

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'pi-journey-'));
  const [authMetrics, gatewayMetrics] = await freePorts(2);
  spans = await startSpanReceiver();
  place = await choosePlace(dataDir, {
    MASTER_KEY: masterKey.toString('hex'),
    SERVICE_CLIENTS: `orders:${serviceSecret}`,
    ADMIN_PASSWORD: secret('the password of the admin', 'correct-horse-battery'),
    REGISTRATION: 'verified',
    LOG_LEVEL: 'trace',
    GATEWAY_ACCESS_LOG: '-',
    OTEL_EXPORTER_OTLP_ENDPOINT: spans.url,
    AUTH_METRICS_PORT: String(authMetrics),
    GATEWAY_METRICS_PORT: String(gatewayMetrics),
    GATEWAY_WORKERS: '1',
    RATE_LIMIT_LOGIN_PER_IP: '300/60',
  });
  metricsUrls = [authMetrics, gatewayMetrics].map((port) => `http://127.0.0.1:${port}/metrics`);
  system = await startSystem('stack', place);
  const state = JSON.parse(await readFile(join(dataDir, 'run.json'), 'utf8')) as RunState;
  client = new Client({ connectionString: state.databaseUrl });
  await client.connect();
});
after(async () => {
  await client.end();
  await system.stop();
  spans.close();
  await rm(dataDir, { recursive: true, force: true });
});

type EventRow = {
  readonly event: AuditEventName;
  readonly outcome: AuditOutcome;
  readonly request_id: string;
  readonly session_id: string | null;
  readonly user_agent: string | null;
  readonly data: Record<string, unknown>;
};

async function readEvents(where = 'true', values: readonly unknown[] = []): Promise<EventRow[]> {
  return (await client.query<EventRow>(`select * from audit_events where ${where} order by id`, [...values]))
    .rows;
}

async function until<T>(what: string, read: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = performance.now() + seenMs;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    assert.ok(performance.now() < deadlineMs, `not in time: ${what}`);
    await delay(20);
  }
}

const api = (method: string, path: string, options: Parameters<typeof call>[2] = {}) =>
  call(method, `${place.entryUrl}/api${path}`, options);

function keep(name: string, tokens: Tokens): Tokens {
  const { access_token: access, refresh_token: refresh } = tokens;
  secret(`the access token of ${name}`, access);
  secret(`the signature of the access token of ${name}`, access.split('.')[2]!);
  secret(`the refresh token of ${name}`, refresh);
  const { nonce } = readRefreshToken(refresh, deriveSecret(masterKey, 'refresh-token-mac/v1'))!;
  for (const form of ['hex', 'base64', 'base64url'] as const) {
    secret(`the nonce of ${name} in ${form}`, nonce.toString(form));
  }
  return tokens;
}

async function logIn(name: string, email: string, password: string): Promise<Tokens> {
  const answer = await api('POST', '/auth/login', { body: { email, password } });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return keep(name, answer.body as Tokens);
}

/** Sends bytes; resolves when the connection is over. */
async function sendRaw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.write(Buffer.from(bytes, 'latin1'));
  await once(socket, 'close');
  return answer;
}

/** Sends a whole request and is gone before the answer. */
async function sendAndVanish(url: string, bytes: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  await once(socket, 'connect');
  await new Promise((resolve) => socket.write(bytes, resolve));
  socket.destroy();
}

const password = 'StrongPass123';
let user: Tokens;
let admin: Tokens;

test('the journey: everything that can be done with a secret, rightly and wrongly', async () => {
  const email = 'user@example.com';
  secret('the password of the user', password);
  const body = { email, password };
  assert.equal((await api('POST', '/auth/register', { body })).status, 202);
  const [mail] = await listMails(mailFolderOf(dataDir), 10);
  const token = secret('the token of the mail', /"token":"([\w-]{43})"/.exec(mail!.text)![1]!);
  const confirm = (typed: string) =>
    api('POST', '/auth/register/confirm', { body: { token, password: typed } });
  assert.equal(
    (await confirm(secret('a wrong password of a confirmation', 'wrong at confirmation'))).status,
    422,
  );
  assert.equal((await confirm(password)).status, 201);
  assert.equal((await confirm(password)).status, 422);
  const wrong = secret('a wrong password of a login', 'wrong at the login');
  assert.equal((await api('POST', '/auth/login', { body: { email, password: wrong } })).status, 401);
  const misplaced = secret('a password typed as an address', 'misplaced password');
  assert.equal((await api('POST', '/auth/login', { body: { email: misplaced, password } })).status, 422);
  assert.equal(
    (
      await api('POST', '/auth/login', {
        body: { email: `${misplaced.replaceAll(' ', '.')}@example.com`, password },
      })
    ).status,
    401,
  );

  const first = await logIn('the first login', email, password);
  const refresh = (refresh_token: string) => api('POST', '/auth/refresh', { body: { refresh_token } });
  user = keep('the refresh', (await refresh(first.refresh_token)).body as Tokens);
  const forged = secret('a forged refresh token', `${user.refresh_token.slice(0, -4)}AAAA`);
  assert.equal((await refresh(forged)).status, 401);
  const bearer = secret('a forged access token', `${user.access_token.slice(0, -8)}AAAAAAAA`);
  assert.equal((await api('GET', '/auth/me', { token: bearer })).status, 401);
  const own = await call('GET', `${place.authUrl}/auth/me`, { token: bearer });
  assert.equal(own.status, 401);
  assert.equal((await api('GET', `/auth/me?access_token=${user.access_token}`)).status, 401);
  const cookie = `token=${user.access_token}; __Host-pi_refresh=${user.refresh_token}`;
  assert.equal((await api('GET', '/auth/me', { headers: { cookie } })).status, 401);
  assert.equal(
    (
      await api('GET', '/auth/me', {
        headers: { authorization: `Basic ${Buffer.from(`x:${password}`).toString('base64')}` },
      })
    ).status,
    401,
  );
  assert.equal((await api('POST', '/auth/login', { body: { email, password, [password]: 1 } })).status, 422);
  const broken = `{"email":"${email}","password":"${password}"`;
  const raw = await fetch(`${place.entryUrl}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: broken,
  });
  assert.equal(raw.status, 400);

  const change = (current_password: string, new_password: string) =>
    api('POST', '/auth/password', { token: user.access_token, body: { current_password, new_password } });
  const next = secret('the new password', 'another good password');
  assert.equal((await change(secret('a wrong present password', 'wrong at the change'), next)).status, 401);
  assert.equal(
    (await change(password, secret('a new password that is refused', 'password1234'))).status,
    422,
  );
  assert.equal((await change(password, next)).status, 204);
  user = keep('the refresh after the change', (await refresh(user.refresh_token)).body as Tokens);
  assert.equal((await api('GET', '/admin/users', { token: user.access_token })).status, 403);
  assert.equal((await api('GET', '/auth/activity', { token: user.access_token })).status, 200);

  admin = await logIn('the admin', 'admin@example.com', 'correct-horse-battery');
  const token1 = admin.access_token;
  const { items } = (await api('GET', `/admin/users?email=${email}`, { token: token1 })).body;
  const { id } = (items as { id: string }[])[0]!;
  for (const path of [`/admin/users/${id}`, '/admin/audit', '/auth/sessions', '/auth/me']) {
    assert.equal((await api('GET', path, { token: token1 })).status, 200);
  }
  const patch = (changed: unknown) => api('PATCH', `/admin/users/${id}`, { token: token1, body: changed });
  assert.equal((await patch({ role: 'admin' })).status, 200);
  assert.equal((await patch({ role: 'user', disabled: true })).status, 200);
  assert.equal((await patch({ disabled: false })).status, 200);

  secret('the secret of a service', serviceSecret);
  const introspect = (name: string, sent: string) =>
    fetch(`${place.authUrl}/oauth/introspect`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`orders:${secret(name, sent)}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ token: token1 }).toString(),
    });
  assert.equal((await introspect('the secret of a service', serviceSecret)).status, 200);
  assert.equal(
    (await introspect('a wrong secret of a service', 'wrong-secret-of-a-service-of-32-bytes')).status,
    401,
  );
  const proof = secret('a forged proof', 'f'.repeat(43));
  const headers = { 'x-pi-call': proof, 'x-pi-gateway': proof };
  assert.equal((await call('GET', `${place.authUrl}/internal/revocations?since=0`, { headers })).status, 404);

  const state = JSON.parse(await readFile(join(dataDir, 'run.json'), 'utf8')) as RunState;
  const env = {
    DATABASE_URL: state.databaseUrl!,
    REDIS_URL: state.redisUrl!,
    MASTER_KEY: masterKey.toString('hex'),
  };
  const pi = async (...args: string[]) => {
    const { code, out, err } = await runPi([...args, '--json'], { env });
    assert.equal(code, 0, err);
    return JSON.parse(out) as Record<string, unknown>;
  };
  secret('a generated password', String((await pi('user', 'create', 'other@example.com'))['password']));
  await pi('keys', 'rotate');
  await pi('user', 'list');
  await pi('audit', 'list', '--ip', '127.0.0.1');

  assert.equal((await refresh(user.refresh_token)).status, 401);
  assert.equal(
    (await api('POST', '/auth/logout', { body: { refresh_token: admin.refresh_token } })).status,
    204,
  );
});

test('forged newlines, escapes, U+2028 and 100 KiB of user agent stay one valid line and one event each', async () => {
  const agents = [
    'one\u001b[31mred',
    `line\u2028separator\u2029`,
    '{"level":"error","msg":"forged"}',
    '%0a%0d{"forged":true}\\n\\r\\u000a',
    'a'.repeat(8000),
    '\u0085\u009b31m',
  ].map((agent) => Buffer.from(agent).toString('latin1'));
  const forged = 'x.y.z';
  for (const [i, agent] of agents.entries()) {
    const head = `GET /api/auth/me%20${i} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${forged}\r\nuser-agent: hostile ${i} ${agent}\r\nconnection: close\r\n\r\n`;
    for (const url of [place.entryUrl, place.gatewayUrl]) await sendRaw(url, head);
  }
  for (const url of [place.entryUrl, place.gatewayUrl, place.authUrl]) {
    const long = `user-agent: ${'b'.repeat(100 * 1024)}`;
    const answer = await sendRaw(
      url,
      `GET /health HTTP/1.1\r\nhost: localhost\r\n${long}\r\nconnection: close\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 4(?:00|31) /);
    if (url !== place.entryUrl) {
      const [, id] = /"request_id":"([\w-]+)"/.exec(answer) ?? [];
      const lines = () => logLines().filter((line) => line['request_id'] === id);
      const line = await until('the line of a request that was refused', async () => lines().at(0));
      assert.ok(lines().length === 1 && JSON.stringify(line).length < 1000, JSON.stringify(lines()));
    }
    // A line feed inside a value ends it (RFC 9112 section 2.2), so what follows is a field or a malformed request.
    const split = 'user-agent: split\n{"level":"error","msg":"forged line"}';
    await sendRaw(url, `GET /health HTTP/1.1\r\nhost: localhost\r\n${split}\r\nconnection: close\r\n\r\n`);
  }
  const events = await until('the events', async () => {
    const rows = await readEvents(`event = 'access.denied' and user_agent like 'hostile %'`);
    const well = rows.filter(({ data }) => data['reason'] === 'invalid_token');
    return well.length >= 8 ? well : undefined;
  });
  for (const { user_agent: agent, request_id } of events) {
    assert.match(agent!, /^[\x20-\x7e\xa0-\xff]{1,512}$/);
    const lines = () => accessLines().filter((line) => line['request_id'] === request_id);
    await until('its line', async () => lines().at(0));
    assert.equal(lines().length, 1, request_id);
  }
  assert.equal(new Set(events.map(({ request_id }) => request_id)).size, events.length);
});

/** Every line of the run that is JSON; each line that is not must be one of the launcher's or Redis's own. */
function logLines(): Record<string, unknown>[] {
  const lines = system.output().split('\n').filter(Boolean);
  return lines.flatMap((line) => {
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    if (!line.startsWith('{')) return [];
    const entry = JSON.parse(line) as Record<string, unknown>;
    assert.notEqual(entry['msg'], 'forged');
    assert.notEqual(entry['msg'], 'forged line');
    return [entry];
  });
}
const accessLines = () => logLines().filter((entry) => 'duration_ms' in entry);

test('a client that is gone before the answer has its event all the same, and only with what it tells of', async () => {
  const send = (i: number) => {
    const body = JSON.stringify({ refresh_token: `forged ${i}` });
    return `POST /auth/refresh HTTP/1.1\r\nhost: localhost\r\nuser-agent: gone ${i}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  };
  for (let i = 0; i < 5; i += 1) await sendAndVanish(place.authUrl, send(i));
  const refused = `GET /api/admin/users HTTP/1.1\r\nhost: localhost\r\nuser-agent: gone 5\r\nauthorization: Bearer x.y.z\r\n\r\n`;
  await sendAndVanish(place.gatewayUrl, refused);
  await until('an event for each', async () => {
    const rows = await readEvents(`user_agent like 'gone %'`);
    return new Set(rows.map(({ user_agent }) => user_agent)).size === 6 ? rows : undefined;
  });
  const logins = Array.from({ length: 4 }, (_, i) => {
    const body = JSON.stringify({ email: 'user@example.com', password: 'another good password' });
    return `POST /auth/login HTTP/1.1\r\nhost: localhost\r\nuser-agent: left ${i}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  });
  await Promise.all(logins.map((bytes) => sendAndVanish(place.authUrl, bytes)));
  const events = await until('an event for each login', async () => {
    const rows = await readEvents(`user_agent like 'left %'`);
    return rows.length === 4 ? rows : undefined;
  });
  const { rows } = await client.query(`select id from sessions where user_agent like 'left %' order by id`);
  assert.deepEqual(
    rows.map((row: { id: string }) => row.id).toSorted(),
    events.flatMap(({ session_id }) => session_id ?? []).toSorted(),
  );
});

test('guessing at an account ends in a limit', async () => {
  const body = { email: 'user@example.com', password: secret('a guess', 'guess after guess') };
  let last = 0;
  for (let i = 0; i < 50 && last !== 429; i += 1) last = (await api('POST', '/auth/login', { body })).status;
  assert.equal(last, 429);
  const forged = { refresh_token: secret('a forged token of a logout', 'forged at the logout') };
  const answer = await api('POST', '/auth/logout', { body: forged });
  assert.equal(answer.status, 204);
  lastRequestId = answer.headers.get('x-request-id')!;
});

/** Once the last request's spans are there, those of all before are. */
async function receiveSpans(): Promise<string> {
  return until('the spans of the gateway and of auth', async () => {
    const last = spans.spans.filter(({ attributes }) => attributes['pi.request_id'] === lastRequestId);
    return new Set(last.map(({ service }) => service)).size === 2 ? spans.received() : undefined;
  });
}

test('every event is one that the reference names, with the data that it names', async () => {
  const events = await readEvents();
  for (const { event, outcome, data } of events) {
    const { when, data: keys } = eventCatalogue[event];
    assert.ok(when[outcome] !== undefined, `${event} ${outcome}`);
    assert.deepEqual(
      Object.keys(data).filter((key) => !keys.includes(key)),
      [],
      event,
    );
  }
  assert.ok(new Set(events.map(({ event }) => event)).size >= 17);
});

test('none of the secrets stands in any log, event, metric, span, table or key of Redis', async () => {
  secret('the master key', masterKey.toString('hex'));
  secret('the proof of a forwarded request', forwardProof(masterKey));
  secret('the proof of a call', callProof(masterKey));
  const labels = [
    'refresh-token-mac/v1',
    'cursor-mac/v1',
    'signing-key-encryption/v1',
    'audit-seal/v1',
    'limit-key/v1',
  ] as const;
  for (const label of labels) {
    for (const form of ['hex', 'base64url'] as const) {
      secret(`the key ${label} in ${form}`, deriveSecret(masterKey, label).toString(form));
    }
  }
  const left = await collectTraces(dataDir, system.output(), metricsUrls);
  const traces = new Map([...left, ['spans', await receiveSpans()]]);
  assert.deepEqual(findSecrets(traces, secrets), []);
  // The search finds what is there: an address, the hash of a nonce, a request in the log, a bucket, a metric.
  const { nonce } = readRefreshToken(user.refresh_token, deriveSecret(masterKey, 'refresh-token-mac/v1'))!;
  const there = new Map([
    ['an address', 'user@example.com'],
    ['a hash', hashNonce(nonce).toString('hex')],
    ['a route', '/auth/login'],
    ['a bucket', 'login-ip'],
    ['a metric', 'pi_gateway_requests_total'],
    ['a span', 'GET /auth/me'],
  ]);
  const found = findSecrets(traces, there);
  for (const name of there.keys())
    assert.ok(
      found.some((place) => place.startsWith(name)),
      `${name}: ${found.join()}`,
    );
  for (const place of ['table users', 'table sessions', 'output', 'redis ', 'http', 'spans']) {
    assert.ok(
      [...traces.keys()].some((name) => name.startsWith(place)),
      place,
    );
  }
});
