import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AccessEntry } from './access-line.ts';
import { AccessLog } from './access-log.ts';

const entry: AccessEntry = {
  startedMs: Date.UTC(2026, 0, 1),
  request_id: 'id',
  trace_id: 'trace',
  method: 'GET',
  path: '/',
  route: null,
  status: 200,
  reason: null,
  principal: null,
  client: '127.0.0.1',
  service: null,
  target: null,
  address: null,
  retries: 0,
  duration_ms: 1,
  gateway_ms: null,
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
      `/${'x'.repeat(8192)}`,
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

test('a reader that is slow loses whole lines, which are counted, and sees none that is torn', async () => {
  const script = `
    import { AccessLog } from ${JSON.stringify(new URL('./access-log.ts', import.meta.url).href)};
    process.stderr.write(''); // from here on its pipe does not block
    const log = new AccessLog('-');
    for (let i = 0; i < 10; i++) {
      for (let j = 0; j < 200; j++) log.add(${JSON.stringify({ ...entry, path: '/'.repeat(100) })});
      log.flush();
    }
    console.log(log.dropped);
    process.stdin.once('data', () => { log.close(); process.exit(0); });`;
  const folder = mkdtempSync(join(tmpdir(), 'pi-gateway-log-'));
  const pipe = join(folder, 'pipe');
  try {
    execFileSync('mkfifo', [pipe]);
    const args = [
      '-c',
      'exec "$0" --input-type=module-typescript -e "$1" 2>"$2"',
      process.execPath,
      script,
      pipe,
    ];
    const child = spawn('sh', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const reader = createReadStream(pipe, 'utf8');
    await once(reader, 'open');
    const [dropped] = (await once(child.stdout, 'data')) as [Buffer];
    let text = '';
    reader.on('data', (data) => {
      text += data;
      child.stdin.end('read');
    });
    await once(reader, 'end');
    const lines = text.split('\n').slice(0, -1);
    for (const line of lines) assert.doesNotThrow(() => JSON.parse(line) as unknown, line);
    assert.ok(Number(dropped) > 0);
    assert.equal(lines.length, 2000 - Number(dropped));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
