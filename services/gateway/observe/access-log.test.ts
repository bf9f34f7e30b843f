import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AccessEntry, AccessLog } from './access-log.ts';

const entry: AccessEntry = {
  time: '2026-01-01T00:00:00.000Z',
  request_id: 'id',
  method: 'GET',
  path: '/',
  route: null,
  status: 200,
  reason: null,
  principal: null,
  client: '127.0.0.1',
  target: null,
  retries: 0,
  duration_ms: 1,
  upstream_ms: null,
  bytes_in: 0,
  bytes_out: 0,
};

test('whatever a client puts into a path stays one valid line, and close writes what is held', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pi-access-log-'));
  try {
    const file = join(folder, 'access.log');
    const log = new AccessLog(file);
    const paths = [
      '/a\n{"status":500}',
      '/\u2028\u2029',
      '/\u001b[31m\u009b',
      `/${'x'.repeat(100_000)}`,
      '/"\\',
    ];
    for (const path of paths) log.add({ ...entry, path });
    log.close();
    const text = readFileSync(file, 'utf8');
    assert.doesNotMatch(text, /[^\P{Cc}\n]|[\u2028\u2029]/u);
    const lines = text.trim().split('\n');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as AccessEntry).path),
      paths,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
