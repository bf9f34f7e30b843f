// Signing keys change every few seconds while requests go on, with tokens that are renewed all the time, so that
// the first token of each new key meets the gateways at once. Not one request may be refused: a key has to be known
// everywhere before it signs, and to stay known until its last token has died.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { send } from './http-client.ts';
import { readKeyId } from './read-claims.ts';
import type { System } from './start-system.ts';
import { openLoad } from './steady-load.ts';

export type RotationOptions = { readonly seconds: number; readonly perSecond: number };

const sessions = 10;
const renewEveryMs = 100;

/** `system` runs with a short SIGNING_KEY_ROTATION_SECONDS. */
export async function proveRotationUnnoticed(system: System, { seconds, perSecond }: RotationOptions) {
  const refreshTokens: string[] = [];
  const tokens: string[] = [];
  const kids = new Set<string>();
  for (let i = 0; i < sessions; i += 1) {
    const { email } = await system.register();
    const { access_token, refresh_token } = await system.login(email);
    tokens.push(access_token);
    refreshTokens.push(refresh_token);
  }
  const load = openLoad(
    system.gateways.map(({ target }) => target),
    tokens,
    perSecond,
  );
  const endMs = performance.now() + seconds * 1000;
  for (let i = 0; performance.now() < endMs; i = (i + 1) % sessions) {
    const { target } = system.auths[i % system.auths.length]!;
    const body = { refresh_token: refreshTokens[i] };
    const answer = await send(target, { method: 'POST', path: '/auth/refresh', body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    refreshTokens[i] = String(answer.body['refresh_token']);
    tokens[i] = String(answer.body['access_token']);
    kids.add(readKeyId(tokens[i]!));
    await delay(renewEveryMs);
  }
  const { sent, perSecond: achieved, refused } = await load.stop();
  assert.equal(refused, 0, `${refused} of ${sent} requests were refused`);
  return { seconds, requests: sent, requestsPerSecond: achieved, keysUsed: kids.size, refused };
}
