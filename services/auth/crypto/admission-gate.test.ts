import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
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
const waitMsMax = Number.POSITIVE_INFINITY;

test('no more than the permits run at once, and the surplus is refused at once', async () => {
  const gate = createAdmissionGate({ runningMax: 2, waitingMax: 4, waitMsMax });
  const { ends, order, work } = controlled();
  const networks = ['a', 'a', 'a', 'b', 'c', 'd'];
  const runs = networks.map((network, i) => gate.run(network, work(String(i))));
  await turn();
  await assert.rejects(gate.run('e', work('x')), { code: 'overloaded' });
  assert.throws(() => gate.checkPlace('e'), { code: 'overloaded' });
  assert.deepEqual(gate.counts(), { running: 2, waiting: 4, refused: 2 });
  for (let i = 0; i < runs.length; i++) {
    ends[i]!();
    await turn();
    assert.ok(gate.counts().running <= 2);
  }
  await Promise.all(runs);
  gate.checkPlace('e');
  assert.equal(order.length, 6);
  assert.deepEqual(gate.counts(), { running: 0, waiting: 0, refused: 2 });
});

test('networks take turns: one that floods does not starve another, nor take the whole queue', async () => {
  const gate = createAdmissionGate({ runningMax: 1, waitingMax: 6, waitMsMax });
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

test('however many networks flood, fewer than there are places, one that comes later gets in and is served in the first round', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), async (flooders) => {
      const gate = createAdmissionGate({ runningMax: 1, waitingMax: 32, waitMsMax });
      const { ends, order, work } = controlled();
      const runs: Promise<unknown>[] = [];
      // Each place that opens is asked for by all of them again, many times: the state a long flood ends in.
      for (let served = 0; served < 64; served++) {
        for (let i = 0; i < 4 * flooders; i++) {
          const network = `flood ${i % flooders}`;
          runs.push(gate.run(network, work(network)).catch(() => undefined));
        }
        await turn();
        ends[served]!();
        await turn();
      }
      const before = order.length;
      runs.push(gate.run('late', work('late')));
      for (let i = before - 1; i < ends.length; i++) {
        ends[i]!();
        await turn();
      }
      await Promise.all(runs);
      assert.ok(order.indexOf('late') - before <= flooders, `${order.indexOf('late') - before} before it`);
    }),
    { numRuns: 12 },
  );
});

test('where work is slow nobody is let in who would wait too long, yet a new network is while its turn comes soon', async () => {
  const clock = { nowMs: 0 };
  const gate = createAdmissionGate({
    runningMax: 2,
    waitingMax: 100,
    waitMsMax: 8000,
    nowMs: () => clock.nowMs,
  });
  async function take(ms: number, times = 32): Promise<void> {
    for (let i = 0; i < times; i++) {
      await gate.run('a', () => {
        clock.nowMs += ms;
        return Promise.resolve();
      });
    }
  }
  /** How many wait when so many networks ask for more than there is, and how many of one that comes after them. */
  async function fill(networks: number): Promise<{ waiting: number; late: number }> {
    const { ends, work } = controlled();
    const asked: Promise<unknown>[] = [];
    const ask = (network: string) => asked.push(gate.run(network, work('x')).catch(() => undefined));
    for (let i = 0; i < 300; i++) ask(`network ${i % networks}`);
    await turn();
    const { waiting } = gate.counts();
    for (let i = 0; i < 100; i++) ask('late');
    await turn();
    const all = gate.counts().waiting;
    for (let i = 0; i < all + 2; i++) {
      ends[i]!();
      await turn();
    }
    await Promise.all(asked);
    return { waiting, late: all - waiting };
  }
  assert.deepEqual(await fill(1), { waiting: 50, late: 25 });
  await take(500);
  assert.deepEqual(await fill(1), { waiting: 32, late: 16 });
  await take(500);
  assert.deepEqual(await fill(200), { waiting: 32, late: 0 });
  await take(8000);
  assert.deepEqual(await fill(1), { waiting: 2, late: 1 });
  await take(10);
  assert.deepEqual(await fill(1), { waiting: 50, late: 25 });
  // A machine that is busy with something else says nothing about what a hash costs.
  await take(10);
  await take(60_000, 31);
  assert.deepEqual(await fill(1), { waiting: 50, late: 25 });
});

test('work that fails gives its permit back', async () => {
  const gate = createAdmissionGate({ runningMax: 1, waitingMax: 1, waitMsMax });
  await assert.rejects(
    gate.run('a', () => Promise.reject(new Error('broken'))),
    /broken/,
  );
  assert.equal(await gate.run('a', () => Promise.resolve('next')), 'next');
});
