import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAdmissionGate } from './admission-gate.ts';

/** Work that ends when it is told to. */
function controlled() {
  const ends: (() => void)[] = [];
  const order: string[] = [];
  const work = (name: string) => () =>
    new Promise<string>((resolve) => {
      order.push(name);
      ends.push(() => resolve(name));
    });
  return { ends, order, work };
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('no more than the permits run at once, and the surplus is refused at once', async () => {
  const gate = createAdmissionGate({ runningMax: 2, waitingMax: 4 });
  const { ends, order, work } = controlled();
  const networks = ['a', 'a', 'a', 'b', 'c', 'd'];
  const runs = networks.map((network, i) => gate.run(network, work(String(i))));
  await turn();
  assert.deepEqual(gate.counts(), { running: 2, waiting: 4 });
  await assert.rejects(gate.run('e', work('x')), { code: 'overloaded' });
  for (let i = 0; i < runs.length; i++) {
    ends[i]!();
    await turn();
    assert.ok(gate.counts().running <= 2);
  }
  await Promise.all(runs);
  assert.equal(order.length, 6);
  assert.deepEqual(gate.counts(), { running: 0, waiting: 0 });
});

test('networks take turns: one that floods does not starve another, nor take the whole queue', async () => {
  const gate = createAdmissionGate({ runningMax: 1, waitingMax: 6 });
  const { ends, order, work } = controlled();
  const runs = ['f0', 'f1', 'f2', 'f3'].map((name) => gate.run('flood', work(name)));
  await assert.rejects(gate.run('flood', work('f4')), { code: 'overloaded' });
  runs.push(gate.run('other', work('o1')));
  for (let i = 0; i < runs.length; i++) {
    await turn();
    ends[i]!();
  }
  await Promise.all(runs);
  assert.deepEqual(order, ['f0', 'f1', 'o1', 'f2', 'f3']);
});

test('work that fails gives its permit back', async () => {
  const gate = createAdmissionGate({ runningMax: 1, waitingMax: 1 });
  await assert.rejects(
    gate.run('a', () => Promise.reject(new Error('broken'))),
    /broken/,
  );
  assert.equal(await gate.run('a', () => Promise.resolve('next')), 'next');
});
