// The audit log as it grows, the way a client gets it: through nginx and gateway.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openEventStream } from '@pi-gateway/auth/testing/event-stream.ts';
import { startTestAuth } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { startNginx } from '../../launch/nginx.ts';
import { makeStackRuntimeDir } from '../../launch/stack-runtime-dir.ts';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { startRealGateway } from '../security/start-real-gateway.ts';
import { freePorts } from './free-ports.ts';

const routes = '  - { path: /api/admin/*, service: auth, strip_prefix: /api, access: { roles: [admin] } }';

test('an event reaches a listener behind nginx and gateway at once, and so does the end of his right', async (t) => {
  const auth = await startTestAuth((await createTestDatabase()).url);
  t.after(() => auth.close());
  const gateway = await startRealGateway(auth, routes);
  t.after(() => gateway.close());
  const [port = 0] = await freePorts(1);
  const runtimeDir = await makeStackRuntimeDir();
  const dir = await mkdtemp(join(tmpdir(), 'pi-entry-'));
  t.after(() =>
    Promise.all([dir, runtimeDir.path].map((path) => rm(path, { recursive: true, force: true }))),
  );
  const { workerUser } = runtimeDir;
  const nginx = await startNginx({
    dir,
    runDir: runtimeDir.path,
    host: '127.0.0.1',
    port,
    gateways: [new URL(gateway.url).host],
    trustedProxies: [],
    ...(workerUser === undefined ? {} : { workerUser }),
    mark: `stream-${port}`,
    log: createLog({ service: 'nginx', level: 'silent' }),
  });
  t.after(() => nginx.stop());

  const { access_token: token, refresh_token } = await auth.login(auth.admin.email);
  const stream = await openEventStream(
    `http://127.0.0.1:${port}/api/admin/audit/stream?event=login.failed`,
    token,
  );
  assert.equal(stream.status, 200);
  assert.equal(stream.headers.get('content-type'), 'text/event-stream');
  assert.equal(stream.headers.get('cache-control'), 'no-store');
  for (let i = 0; i < 3; i++) {
    const body = { email: `nobody${i}@example.com`, password: 'wrong wrong' };
    await auth.call('POST', '/auth/login', { body });
    // Each on its own: nothing on the way waits for more.
    const [event] = await stream.take(1);
    assert.equal(event!.data['event'], 'login.failed');
  }
  await auth.call('POST', '/auth/logout', { body: { refresh_token } });
  assert.deepEqual(await stream.end(), { code: 'invalid_token' });
});
