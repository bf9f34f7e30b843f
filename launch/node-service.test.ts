import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '@pi-gateway/log/log.ts';
import { freePorts } from '../tests/journeys/free-ports.ts';
import { startNodeService } from './node-service.ts';
import { throwawayFolder } from './testing/throwaway-folder.ts';

test('a service that stands still is killed and started again', async (t) => {
  const [port = 0] = await freePorts(1);
  const dir = throwawayFolder();
  const service = await startNodeService({
    name: 'a service',
    main: 'tests/proofs/small-service.ts',
    env: { ...process.env, PORT: String(port) },
    at: { host: '127.0.0.1', port },
    shutdownDelayMs: 0,
    pidFile: { path: join(dir, 'service.pid'), mark: 'pi-test-node-service' },
    log: createLog({ service: 'test', level: 'silent' }),
    patience: { everyMs: 50, answerMs: 300, missesMax: 3 },
  });
  t.after(() => service.stop());
  const pid = service.pid();
  assert.ok(pid !== undefined);
  process.kill(pid, 'SIGSTOP');
  const deadline = performance.now() + 20_000;
  while (service.pid() === pid || service.pid() === undefined) {
    assert.ok(performance.now() < deadline, 'it is not started again');
    await delay(20);
  }
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
});
