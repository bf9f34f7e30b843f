import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import fc from 'fast-check';
import type { Revocation } from './revocation.ts';
import { RevocationSet } from './revocation-set.ts';

const now = 1_800_000_000;
const micros = now * 1_000_000;
// Ids of the product, and ids that differ in one digit only.
const ids = [
  ...Array.from({ length: 20 }, (_, i) => uuidV7(micros + i)),
  '00000000-0000-7000-8000-000000000000',
  '00000000-0000-7000-8000-000000000001',
  '00000000-0000-7001-8000-000000000000',
  '10000000-0000-7000-8000-000000000000',
  'ffffffff-ffff-7fff-bfff-ffffffffffff',
];
const id = fc.constantFrom(...ids);
const revocation: fc.Arbitrary<Revocation> = fc.record({
  kind: fc.constantFrom('session', 'user'),
  id,
  notBefore: fc.integer({ min: micros - 5, max: micros + 5 }),
  until: fc.integer({ min: now, max: now + 1000 }),
});

/** What the set is to know, as plainly as it can be said. */
class Model {
  readonly #entries = new Map<string, number>();

  apply(revocations: readonly Revocation[]): void {
    for (const { kind, id, notBefore } of revocations) {
      this.#entries.set(kind + id, Math.max(notBefore, this.#entries.get(kind + id) ?? 0));
    }
  }

  isRevoked(sub: string, sid: string, issuedMicros: number): boolean {
    return this.#entries.has(`session${sid}`) || (this.#entries.get(`user${sub}`) ?? -1) >= issuedMicros;
  }
}

function session(sid: string, until = now + 600): Revocation {
  return { kind: 'session', id: sid, notBefore: micros, until };
}

test('it answers as a plain map would, whatever comes in whatever order, however often', () => {
  const issued = fc.integer({ min: micros - 6, max: micros + 6 });
  const questions = fc.array(fc.tuple(id, id, issued), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(fc.array(revocation)), questions, (batches, asked) => {
      const [model, set, reversed] = [new Model(), new RevocationSet(), new RevocationSet()];
      for (const batch of batches) {
        model.apply(batch);
        set.apply(batch, now);
        set.apply(batch, now);
      }
      for (const batch of batches.toReversed()) reversed.apply(batch.toReversed(), now);
      for (const [sub, sid, at] of asked) {
        const expected = model.isRevoked(sub, sid, at);
        assert.equal(set.isRevoked({ sub, sid, jti: uuidV7(at) }), expected);
        assert.equal(reversed.isRevoked({ sub, sid, jti: uuidV7(at) }), expected);
      }
      assert.equal(reversed.size, set.size);
    }),
  );
});

test('a user revocation kills tokens issued up to its microsecond, and none issued after it', () => {
  const set = new RevocationSet();
  const [sub = '', sid = ''] = ids;
  set.apply([{ kind: 'user', id: sub, notBefore: micros, until: now + 600 }], now);
  assert.equal(set.isRevoked({ sub, sid, jti: uuidV7(micros) }), true);
  assert.equal(set.isRevoked({ sub, sid, jti: uuidV7(micros + 1) }), false);
});

test("a session's revocation is not a user's, and the other way round", () => {
  const set = new RevocationSet();
  const [a = '', b = ''] = ids;
  set.apply([session(a)], now);
  assert.equal(set.isRevoked({ sub: a, sid: b, jti: uuidV7(0) }), false);
  assert.equal(set.isRevoked({ sub: b, sid: a, jti: uuidV7(micros + 9) }), true);
});

test('an id that is none of ours is left out', () => {
  const set = new RevocationSet();
  fc.assert(
    fc.property(fc.string(), (text) => {
      set.apply([session(text)], now);
      assert.equal(set.size, 0);
    }),
  );
});

describe('entries that are over', () => {
  test('are dropped within sixteen calls of prune, and no living one with them', () => {
    const living = Array.from({ length: 5000 }, (_, i) => uuidV7(micros + i));
    const over = Array.from({ length: 5000 }, (_, i) => uuidV7(micros - i));
    const set = new RevocationSet();
    set.apply(
      over.map((sid) => session(sid, now + 10)),
      now,
    );
    set.apply(
      living.map((sid) => session(sid, now + 1000)),
      now,
    );
    for (let i = 0; i < 16; i += 1) set.prune(now + 500);
    assert.equal(set.size, 5000);
    for (const sid of living) assert.ok(set.isRevoked({ sub: sid, sid, jti: sid }));
    for (let i = 0; i < 16; i += 1) set.prune(now + 5000);
    assert.equal(set.size, 0);
  });

  test('are not taken in, yet a clock that runs a minute ahead loses nothing', () => {
    const set = new RevocationSet();
    const [sid = ''] = ids;
    set.apply([session(sid, now - 121)], now);
    assert.equal(set.size, 0);
    set.apply([session(sid, now)], now + 60);
    for (let i = 0; i < 16; i += 1) set.prune(now + 60);
    assert.ok(set.isRevoked({ sub: sid, sid, jti: sid }));
  });

  test('live as long as the longest-lived revocation of the same id', () => {
    const set = new RevocationSet();
    const [sid = ''] = ids;
    set.apply([session(sid, now + 1000), session(sid, now + 10)], now);
    for (let i = 0; i < 16; i += 1) set.prune(now + 900);
    assert.ok(set.isRevoked({ sub: sid, sid, jti: sid }));
  });
});

test('a million live revocations take less than 100 MB, and no single call a noticeable pause', () => {
  const before = process.memoryUsage().arrayBuffers;
  const set = new RevocationSet();
  let longestMs = 0;
  const timed = (call: () => void) => {
    const start = performance.now();
    call();
    longestMs = Math.max(longestMs, performance.now() - start);
  };
  const some: string[] = [];
  for (let i = 0; i < 1000; i += 1) {
    const batch = Array.from({ length: 1000 }, (_, k) => session(uuidV7(micros + i * 1000 + k)));
    some.push(batch[0]!.id);
    timed(() => set.apply(batch, now));
  }
  timed(() => set.prune(now));
  assert.equal(set.size, 1_000_000);
  assert.ok(process.memoryUsage().arrayBuffers - before < 100e6);
  for (const sid of some) assert.ok(set.isRevoked({ sub: sid, sid, jti: sid }));
  for (let i = 0; i < 16; i += 1) timed(() => set.prune(now + 5000));
  assert.equal(set.size, 0);
  // It is about 10 ms on an idle machine.
  assert.ok(longestMs < 250, `${longestMs} ms`);
});

test('a withdrawn key is told of by its kid alone, touches no session or user of that id, and goes in its time', () => {
  const set = new RevocationSet();
  const kid = uuidV7(micros);
  set.apply([{ kind: 'key', id: kid, notBefore: micros, until: now + 10 }], now);
  assert.deepEqual([set.isKeyRevoked(kid), set.isKeyRevoked(uuidV7(micros)), set.size], [true, false, 1]);
  assert.equal(set.isRevoked({ sub: kid, sid: kid, jti: uuidV7(micros) }), false);
  set.prune(now + 100);
  assert.equal(set.isKeyRevoked(kid), true);
  set.prune(now + 200);
  assert.deepEqual([set.isKeyRevoked(kid), set.size], [false, 0]);
});

test('what comes after everything was over is known as what came first', () => {
  const set = new RevocationSet();
  const sid = uuidV7(micros + 1);
  const ids = { sub: uuidV7(micros + 2), sid, jti: uuidV7(micros + 3) };
  const revokedUntil = (until: number): Revocation => ({
    kind: 'session',
    id: sid,
    notBefore: micros,
    until,
  });
  assert.equal(set.isRevoked(ids), false);
  set.apply([revokedUntil(now + 10)], now);
  assert.equal(set.isRevoked(ids), true);
  // Each call looks after a sixteenth of it.
  for (let call = 0; call < 16; call += 1) set.prune(now + 1000);
  assert.deepEqual([set.size, set.isRevoked(ids)], [0, false]);
  set.apply([revokedUntil(now + 2000)], now + 1000);
  for (let call = 0; call < 16; call += 1) set.prune(now + 1000);
  assert.equal(set.isRevoked(ids), true);
});
