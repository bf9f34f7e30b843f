// What must hold of a running system in either run, beyond the walk.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { choosePlace, type Place, type SystemKind, startRefused } from './spawn-system.ts';
import { call, logIn, walker } from './walk.ts';

/** A caller on any of the three ports is just a client, on loopback too. */
export async function checkForgedAddress({ entryUrl, gatewayUrl, authUrl }: Place): Promise<void> {
  const forged = {
    'x-forwarded-for': '203.0.113.7',
    forwarded: 'for=203.0.113.7',
    'x-real-ip': '203.0.113.7',
    'x-pi-gateway': 'A'.repeat(43),
  };
  for (const [base, prefix] of [
    [entryUrl, '/api'],
    [gatewayUrl, '/api'],
    [authUrl, ''],
  ] as const) {
    const { access_token: token } = await logIn(base, walker, forged, prefix);
    const sessions = await call('GET', `${base}${prefix}/auth/sessions`, { token });
    const current = (sessions.body['items'] as { ip: string; current: boolean }[]).find((one) => one.current);
    assert.equal(current?.ip, '127.0.0.1', `an address was believed on ${base}`);
  }
}

/** Exit code 1, and one line on standard error that matches. */
async function assertRefused(kind: SystemKind, place: Place, line: RegExp): Promise<void> {
  const { code, stdout, stderr } = await startRefused(kind, place);
  const lines = stderr.split('\n').filter((text) => text !== '' && !text.startsWith('{'));
  assert.deepEqual([code, stdout, lines.length], [1, '', 1], `${stdout}${stderr}`);
  assert.match(lines[0] ?? '', line);
}

/** Wrong settings, occupied ports and a database that refuses: each ends in one line that names it. */
export async function checkRefusals(kind: SystemKind, dir: string): Promise<void> {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const held = String((holder.address() as { port: number }).port);
  for (const setting of ['ENTRY_PORT', 'GATEWAY_PORT', 'AUTH_PORT']) {
    const place = await choosePlace(join(dir, 'occupied'), { [setting]: held });
    await assertRefused(
      kind,
      place,
      new RegExp(`^pi-gateway: ${setting}: port ${held} .*in use.*set ${setting}`),
    );
  }
  holder.close();
  for (const [setting, value] of [
    ['AUTH_PORT', 'eighty'],
    ['REGISTRATION', 'maybe'],
    ['ACCESS_TOKEN_TTL_SECONDS', '0'],
    ['MASTER_KEY', 'short'],
    ['TRUSTED_PROXIES', '10.0.0.0/64'],
  ] as const) {
    const place = await choosePlace(join(dir, 'settings'), { [setting]: value });
    await assertRefused(kind, place, new RegExp(`^pi-gateway: ${setting}: `));
  }
  const [nobody] = await freePorts(1);
  const url = `postgres://someone:hidden-secret@127.0.0.1:${nobody}/none`;
  const place = await choosePlace(join(dir, 'database'), { DATABASE_URL: url });
  const { code, stderr } = await startRefused(kind, place);
  assert.equal(code, 1);
  assert.match(stderr, /DATABASE_URL: /);
  assert.doesNotMatch(stderr, /hidden-secret|^ +at /m);
}
