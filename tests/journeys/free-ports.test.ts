import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.ts';

test('no port is given twice, not to another process either, and each can be listened on', async () => {
  const here = await freePorts(200);
  const source = `import { freePorts } from ${JSON.stringify(new URL('free-ports.ts', import.meta.url).href)};
    const ports = await freePorts(200);
    console.log(JSON.stringify(ports));`;
  const runs = Array.from({ length: 2 }, () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '--eval', source]),
  );
  const there = (await Promise.all(runs)).map(({ stdout }) => JSON.parse(stdout) as number[]);
  assert.equal(new Set(here).size, 200);
  for (const ports of there)
    assert.deepEqual(
      ports.filter((port) => here.includes(port)),
      [],
    );
  for (const port of here.slice(0, 5)) {
    const server = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve, reject) => server.on('listening', resolve).on('error', reject));
    server.close();
  }
});
