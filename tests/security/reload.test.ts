// The short form of tests/proofs/reload.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proveKilledTargetsUnnoticed, proveReloadUnnoticed } from '../proofs/reload.ts';

test('reloads fail no request and drop no WebSocket, whatever the file brings, and every worker ends on the last one', async () => {
  const size = { seconds: 4, perSecond: 100, sockets: 10, reloadEveryMs: 250 };
  const { failed, dropped, sent, files, refused } = await proveReloadUnnoticed(size);
  assert.deepEqual({ failed, dropped, sent }, { failed: {}, dropped: 0, sent: 400 });
  assert.ok(files > 5 && refused > 0, `${files} files, ${refused} refused`);
});

test('a target that is killed and comes back behind two costs no idempotent request', async () => {
  const { failed, sent, reasons, kills } = await proveKilledTargetsUnnoticed({
    seconds: 4,
    perSecond: 20,
    killEveryMs: 600,
  });
  assert.deepEqual({ failed, reasons, sent }, { failed: {}, reasons: {}, sent: 80 });
  assert.ok(kills > 1, `${kills} kills`);
});
