// The property behind the whole gateway: the path that was matched and authorised is, byte for byte, the path
// that the service gets.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import fc from 'fast-check';
import { RawClient } from '../testing/raw-client.ts';
import { RecordingUpstream } from '../testing/recording-upstream.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';

let upstream: RecordingUpstream;
let t: TestGateway;

before(async () => {
  upstream = await RecordingUpstream.start();
  t = await startTestGateway(`
services:
  up: { targets: ["${upstream.origin}"] }
routes:
  - { path: /*, service: up, access: public, encoded_slashes: pass }
  - { path: /api/admin/*, service: up, access: { roles: [admin] } }
`);
});
after(async () => {
  await t.close();
  upstream.close();
});

const piece = fc.oneof(
  fc.constantFrom(
    'api',
    'admin',
    'API',
    '.',
    '..',
    '...',
    '',
    ' ',
    ';x',
    '..;',
    '%2e',
    '%2E%2e',
    '%2f',
    '%5c',
    '\\',
    '%00',
  ),
  fc.constantFrom(
    '%61dmin',
    'adm%69n',
    '%c0%ae',
    '%252e',
    '%zz',
    '%',
    '%u002e',
    'a%2Fb',
    'é',
    '%e9',
    '%C3%A9',
    '~',
    "'",
    '*',
    '{id}',
  ),
  fc.string({
    unit: fc.constantFrom(...Array.from('abz09.-_~%25eE/;:@&=+$,!\'()*\\"<>^`{|}')),
    maxLength: 8,
  }),
);
const target = fc
  .tuple(fc.array(piece, { maxLength: 5 }), fc.constantFrom('', '?a=b', '?x=%2e%2e/', '?'))
  .map(([parts, query]) => `/${parts.join('/')}${query}`)
  .filter((text) => !/[\s\u0080-\uffff]/u.test(text));

test('for all targets: refused, or matched, authorised and forwarded as the very same bytes', async () => {
  const seen = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(target, async (text) => {
      upstream.requests.length = 0;
      const client = await RawClient.open(t.port);
      client.send(`GET ${text} HTTP/1.1`, 'Host: a', 'Connection: close');
      await client.closed();
      const [answer] = readAnswers(client.received);
      assert.ok(answer, 'no answer');
      if (answer.status !== 200) {
        assert.ok([400, 401, 404].includes(answer.status), `${answer.status} for ${text}`);
        return assert.equal(upstream.requests.length, 0, `${text} was refused and forwarded`);
      }
      if (upstream.requests.length === 0) return; // one of the gateway's own paths
      const forwarded = upstream.requests[0]!.requestLine.split(' ')[1]!;
      seen.set(answer.headers['x-request-id']!, forwarded.replace(/\?.*$/, ''));
      // Nobody here has a token, so nothing that any service could read as this place may pass. (An encoded
      // slash is part of a segment: the route has said so.)
      const decoded = decodeURIComponent(forwarded.replace(/\?.*$/, '').replaceAll('%2F', '_'));
      assert.doesNotMatch(decoded, /^\/+api\/+admin(?:[/;]|$)/, forwarded);
      assert.ok(!decoded.split(/[/\\]/).some((part) => part === '.' || part === '..'), forwarded);
    }),
    { numRuns: 400 },
  );
  // What the log says was matched and decided about is what was forwarded.
  const ids = [...seen.keys()];
  await until('the lines', () => readFileSync(t.accessLogPath, 'utf8').includes(ids.at(-1)!));
  const lines = readFileSync(t.accessLogPath, 'utf8').trim().split('\n');
  let compared = 0;
  for (const line of lines) {
    const { request_id: id, path } = JSON.parse(line) as { request_id: string; path: string };
    const forwarded = seen.get(id);
    if (forwarded === undefined) continue;
    assert.equal(forwarded, path);
    compared += 1;
  }
  assert.equal(compared, seen.size);
  assert.ok(compared > 50, `only ${compared} of the targets were forwarded`);
});
