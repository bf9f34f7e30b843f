import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../testing/start-test-gateway.ts';
import { watchConfig } from './watch-config.ts';

/** A folder that is watched for `gateway.yaml`, and what was told. */
function watched(t: TestContext, prepare: (folder: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'pi-watch-'));
  prepare(folder);
  const told = { changes: 0 };
  const stop = watchConfig(join(folder, 'gateway.yaml'), () => (told.changes += 1));
  t.after(() => {
    stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, told };
}

const write = (folder: string, name = 'gateway.yaml', text = 'a') => writeFileSync(join(folder, name), text);
const isTold = (told: { changes: number }, before = 0) =>
  until('the change is told', () => told.changes > before);

test('a file that is written over is told', async (t) => {
  const { folder, told } = watched(t, write);
  write(folder, 'gateway.yaml', 'b');
  await isTold(told);
});

test('a file that an editor puts in the place of the old one is told, again and again', async (t) => {
  const { folder, told } = watched(t, write);
  for (let round = 0; round < 3; round += 1) {
    const before = told.changes;
    write(folder, '.gateway.yaml.swp', `${round}`);
    renameSync(join(folder, '.gateway.yaml.swp'), join(folder, 'gateway.yaml'));
    await isTold(told, before);
  }
});

test('a file that is moved away and written anew is told', async (t) => {
  const { folder, told } = watched(t, write);
  renameSync(join(folder, 'gateway.yaml'), join(folder, 'gateway.yaml~'));
  write(folder);
  await isTold(told);
});

test('a Kubernetes ConfigMap is told when its folder of data is swapped', async (t) => {
  const { folder, told } = watched(t, (at) => {
    mkdirSync(join(at, '..2026_01'));
    write(join(at, '..2026_01'));
    symlinkSync('..2026_01', join(at, '..data'));
    symlinkSync('..data/gateway.yaml', join(at, 'gateway.yaml'));
  });
  for (const version of ['..2026_02', '..2026_03']) {
    const before = told.changes;
    mkdirSync(join(folder, version));
    write(join(folder, version), 'gateway.yaml', version);
    symlinkSync(version, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await isTold(told, before);
  }
});

test('a link to a file elsewhere is told when that file changes, and when another takes its place', async (t) => {
  const { folder, told } = watched(t, (at) => {
    mkdirSync(join(at, 'elsewhere'));
    write(at, 'elsewhere/real.yaml');
    symlinkSync('elsewhere/real.yaml', join(at, 'gateway.yaml'));
  });
  write(folder, 'elsewhere/real.yaml', 'longer');
  await isTold(told);
  const before = told.changes;
  write(folder, 'elsewhere/other.yaml');
  renameSync(join(folder, 'elsewhere/other.yaml'), join(folder, 'elsewhere/real.yaml'));
  await isTold(told, before);
});

test('a folder that is itself a link is told when it leads elsewhere', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'pi-watch-'));
  for (const release of ['one', 'two']) {
    mkdirSync(join(root, release));
    write(join(root, release), 'gateway.yaml', release);
  }
  symlinkSync('one', join(root, 'current'));
  const told = { changes: 0 };
  const stop = watchConfig(join(root, 'current/gateway.yaml'), () => (told.changes += 1));
  t.after(() => {
    stop();
    rmSync(root, { recursive: true, force: true });
  });
  symlinkSync('two', join(root, 'next'));
  renameSync(join(root, 'next'), join(root, 'current'));
  await isTold(told);
});

test('other files beside it are not told', async (t) => {
  const { folder, told } = watched(t, write);
  write(folder, 'other.yaml');
  write(folder, 'gateway.yaml.bak');
  // The one behind them is, and comes alone.
  write(folder, 'gateway.yaml', 'b');
  await isTold(told);
  assert.equal(told.changes, 1);
});
