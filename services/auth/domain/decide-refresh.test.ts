import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideRefresh, type RefreshSession } from './decide-refresh.ts';

const second = 1_000_000;
const rotatedAt = 1_000 * second;
const session: RefreshSession = {
  generation: 5,
  rotatedAt,
  idleExpiresAt: 2_000 * second,
  expiresAt: 3_000 * second,
  revokedAt: null,
  isUserDisabled: false,
};
const rules = { graceSeconds: 10, idleTtlSeconds: 600 };
const at = (now: number, generation: number, changed: Partial<RefreshSession> = {}) =>
  decideRefresh({ ...session, ...changed }, generation, now, rules);

test('the current token rotates, the idle end slides but not past the absolute end', () => {
  assert.deepEqual(at(rotatedAt, 5), {
    kind: 'rotate',
    generation: 6,
    idleExpiresAt: rotatedAt + 600 * second,
  });
  const late = 1_999 * second;
  assert.deepEqual(at(late, 5, { expiresAt: 2_100 * second }), {
    kind: 'rotate',
    generation: 6,
    idleExpiresAt: 2_100 * second,
  });
});

test('the predecessor repeats to the last microsecond of the grace and is reuse one later', () => {
  assert.deepEqual(at(rotatedAt + 10 * second, 4), { kind: 'repeat', generation: 5 });
  assert.deepEqual(at(rotatedAt + 10 * second + 1, 4), { kind: 'reuse' });
});

test('anything older is reuse at once, anything newer than we ever gave is refused', () => {
  for (const generation of [0, 1, 3]) assert.deepEqual(at(rotatedAt, generation), { kind: 'reuse' });
  assert.deepEqual(at(rotatedAt, 6), { kind: 'refused', reason: 'unknown' });
});

test('an ended, expired or disabled session refuses every token and is never reuse', () => {
  const ends: [Partial<RefreshSession>, string][] = [
    [{ revokedAt: rotatedAt }, 'revoked'],
    [{ idleExpiresAt: rotatedAt }, 'expired'],
    [{ expiresAt: rotatedAt }, 'expired'],
    [{ isUserDisabled: true }, 'disabled'],
  ];
  for (const [changed, reason] of ends) {
    for (const generation of [1, 4, 5]) {
      assert.deepEqual(at(rotatedAt, generation, changed), { kind: 'refused', reason });
    }
  }
});

test('whatever order tokens are played in, only the newest one rotates', () => {
  const plays = fc.array(fc.record({ generation: fc.nat(8), wait: fc.nat(15 * second) }), { maxLength: 30 });
  fc.assert(
    fc.property(plays, (moves) => {
      let state: RefreshSession = { ...session, generation: 1, idleExpiresAt: 1e15, expiresAt: 1e15 };
      let now = rotatedAt;
      for (const { generation, wait } of moves) {
        now += wait;
        const decision = decideRefresh(state, generation, now, { ...rules, idleTtlSeconds: 1e6 });
        if (decision.kind === 'rotate') {
          assert.equal(generation, state.generation);
          state = {
            ...state,
            generation: decision.generation,
            rotatedAt: now,
            idleExpiresAt: decision.idleExpiresAt,
          };
        } else if (decision.kind === 'repeat') {
          assert.equal(generation, state.generation - 1);
          assert.ok(now - state.rotatedAt <= 10 * second);
        } else if (decision.kind === 'reuse') {
          assert.ok(generation < state.generation);
          state = { ...state, revokedAt: now };
        } else {
          assert.ok(state.revokedAt !== null || generation > state.generation);
        }
      }
    }),
  );
});
