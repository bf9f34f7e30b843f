import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { callPi } from '../testing/run-pi.ts';

const folder = mkdtempSync(join(tmpdir(), 'pi-place-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('without a database each command says what it wanted of one, and makes nothing', async () => {
  const key = join(folder, 'next.key');
  writeFileSync(key, 'ab'.repeat(32));
  for (const [purpose, ...args] of [
    ['to back up', 'backup', join(folder, 'backup')],
    ['whose audit log to verify', 'audit', 'verify'],
    ['whose master key to exchange', 'keys', 'change-master', key],
  ] as const) {
    const { code, err } = await callPi(args, { DATA_DIR: join(folder, 'none') });
    assert.equal(code, 3);
    assert.equal(err, `pi: no database ${purpose}: set DATABASE_URL, or DATA_DIR to the folder of a run\n`);
  }
  assert.deepEqual(readdirSync(folder), ['next.key']);
});
