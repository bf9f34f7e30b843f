import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RecordingUpstream } from '@pi-gateway/gateway/testing/recording-upstream.ts';
import { startProxy } from '../testing/start-proxy.ts';
import { describeVerify } from '../testing/verify-battery.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

const start = (gateway: string, service: string, replace: Readonly<Record<string, string>> = {}) =>
  startProxy({
    program: 'nginx',
    samples: [`${here}verify.conf`],
    gateway,
    service,
    replace: (folder) => ({
      '/dev/shm/pi-verify': `${folder}/decisions`,
      'include snippets/': `include ${here}snippets/`,
      ...replace,
    }),
    args: (config, folder) => ['-e', 'stderr', '-p', folder, '-c', config],
  });

describeVerify('nginx', start);

test('nginx remembers a yes by the whole token, the method and the target, and never a no', async () => {
  const upstream = await RecordingUpstream.start();
  const asked: string[] = [];
  const gateway = createServer((req, res) => {
    const token = req.headers.authorization;
    if (req.url === '/verify') asked.push(`${String(req.headers['x-original-method'])} ${token}`);
    if (token === undefined || req.url !== '/verify') res.writeHead(401).end();
    else res.writeHead(200, { 'x-user-id': token.slice(7), 'cache-control': 'no-store' }).end();
  });
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const { port } = gateway.address() as AddressInfo;
  const long = { 'proxy_cache_valid 200 1s': 'proxy_cache_valid 200 1h' };
  const proxy = await start(`http://127.0.0.1:${port}`, upstream.origin, long);
  try {
    const ask = async (path: string, token?: string, method = 'GET') => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetch(`http://127.0.0.1:${proxy.port}${path}`, { method, headers });
      await answer.text();
      return answer.status;
    };
    for (let i = 0; i < 5; i++) assert.equal(await ask('/x', 'ann'), 200);
    assert.deepEqual(asked, ['GET Bearer ann']);
    assert.deepEqual(upstream.values('x-user-id'), ['ann']);
    assert.equal(await ask('/x', 'ann.'), 200);
    assert.deepEqual(upstream.values('x-user-id'), ['ann.']);
    assert.equal(await ask('/x', 'ann', 'POST'), 200);
    assert.equal(await ask('/x?', 'ann'), 200);
    assert.equal(asked.length, 4);
    for (let i = 0; i < 3; i++) assert.equal(await ask('/x'), 401);
    assert.equal(asked.length, 7);
  } finally {
    await proxy.stop();
    gateway.close();
    gateway.closeAllConnections();
    upstream.close();
  }
});
