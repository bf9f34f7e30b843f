// Breaker and active checks over HTTP/2, end to end: a target that fails, hangs, or goes away and comes back is left
// out and used again as one in HTTP/1.1 is.

import assert from 'node:assert/strict';
import { createSecureServer, createServer, type ServerHttp2Stream } from 'node:http2';
import { after, before, beforeEach, describe, test } from 'node:test';
import { exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';
import { answerStatus, type Handle, Http2Service } from './testing/http2-service.ts';
import { ownAuthority } from './testing/own-authority.ts';

const { ca, identity } = ownAuthority();
const sound = answerStatus(200);
const silent: Handle = () => {};

for (const [name, protocol, isTls] of [
  ['without TLS', 'h2c', false],
  ['over TLS', 'h2', true],
] as const) {
  describe(`in HTTP/2 ${name}`, () => {
    const create = isTls ? () => createSecureServer(identity) : () => createServer();
    const [a, b] = [new Http2Service(create), new Http2Service(create)];
    const originOf = ({ port }: Http2Service) => `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`;
    let t: TestGateway;
    before(async () => {
      await Promise.all([a.come(), b.come()]);
      const both = `targets: ["${originOf(a)}", "${originOf(b)}"], protocol: ${protocol}, retries: 0${isTls ? `, tls: { ca_file: "${ca}" }` : ''}`;
      const soon = 'timeouts: { headers_ms: 250 }';
      // A service for each, so that none begins with what another learnt.
      t = await startTestGateway(`
services:
  failing: { ${both}, breaker: { min_requests: 6 } }
  hanging: { ${both}, breaker: { min_requests: 6 }, ${soon} }
  going: { ${both}, breaker: { min_requests: 6 } }
  checked: { ${both}, ${soon}, health: { path: /health, interval_ms: 100 } }
routes:
  - { path: /failing, service: failing, access: public }
  - { path: /hanging, service: hanging, access: public }
  - { path: /going, service: going, access: public }
  - { path: /checked, service: checked, access: public }
`);
    });
    after(async () => {
      await t.close();
      await Promise.all([a.go(), b.go()]);
    });
    beforeEach(() => {
      [a.handle, a.handleCheck] = [sound, sound];
    });

    const ask = async (path: string): Promise<number> => {
      const text = await exchange(t.port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      return readAnswers(text)[0]!.status;
    };

    /** The statuses of four requests, and how many of them came to the first target. */
    async function askFour(path: string) {
      const before = a.requests;
      const statuses: number[] = [];
      for (let i = 0; i < 4; i++) statuses.push(await ask(path));
      return { statuses, toFirst: a.requests - before };
    }

    const untilLeftOut = (path: string) =>
      until('it is left out', async () => {
        const { statuses, toFirst } = await askFour(path);
        return toFirst === 0 && statuses.every((status) => status === 200);
      });
    const untilBack = (path: string) =>
      until('it is used again, with its whole share', async () => {
        const { statuses, toFirst } = await askFour(path);
        return toFirst === 2 && statuses.every((status) => status === 200);
      });

    /** Twelve at once: six for each target. */
    async function failSix(path: string, status: number): Promise<void> {
      const statuses = await Promise.all(Array.from({ length: 12 }, () => ask(path)));
      assert.deepEqual(
        statuses.toSorted((one, other) => one - other),
        [...Array<number>(6).fill(200), ...Array<number>(6).fill(status)],
      );
    }

    test('the breaker opens for a target that resets its streams, and closes again', async () => {
      a.handle = (stream) => stream.close(2);
      await failSix('/failing', 502);
      a.handle = sound;
      assert.deepEqual(await askFour('/failing'), { statuses: [200, 200, 200, 200], toFirst: 0 });
      await untilBack('/failing');
    });

    test('the breaker opens for a target that does not answer in time, and closes again', async () => {
      a.handle = silent;
      await failSix('/hanging', 504);
      a.handle = sound;
      assert.deepEqual(await askFour('/hanging'), { statuses: [200, 200, 200, 200], toFirst: 0 });
      await untilBack('/hanging');
    });

    test('the breaker opens for a target that is gone, and closes when it has come back', async () => {
      assert.deepEqual(await askFour('/going'), { statuses: [200, 200, 200, 200], toFirst: 2 });
      await a.go();
      await untilLeftOut('/going');
      await a.come();
      await untilBack('/going');
    });

    for (const [what, handle] of [
      ['answers its check with a 503', answerStatus(503)],
      ['resets its check', (stream: ServerHttp2Stream) => stream.close(2)],
      ['does not answer its check', silent],
    ] as const) {
      test(`the check takes a target out that ${what}, and brings it back`, async () => {
        await untilBack('/checked');
        a.handleCheck = handle;
        await untilLeftOut('/checked');
        const { checks } = a;
        await until('it is asked on', () => a.checks > checks);
        assert.equal((await askFour('/checked')).toFirst, 0, 'sound as its answers would be');
        a.handleCheck = sound;
        await untilBack('/checked');
      });
    }

    test('the check takes a target out that is gone, and brings it back when it has come back', async () => {
      await untilBack('/checked');
      await a.go();
      await untilLeftOut('/checked');
      await a.come();
      await untilBack('/checked');
    });
  });
}
