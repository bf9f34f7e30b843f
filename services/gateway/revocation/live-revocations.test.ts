import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLog } from '@pi-gateway/log/log.ts';
import type { Revocation, RevocationSource } from '@pi-gateway/revocation/revocation.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { until } from '../testing/start-test-gateway.ts';
import { LiveRevocations } from './live-revocations.ts';

const log = createLog({ service: 'gateway', level: 'silent' });
const sid = uuidV7(1_700_000_000_000_000);
const claims = { sid, sub: uuidV7(1_700_000_000_000_001), jti: uuidV7(1_700_000_000_000_002) };
const nowMs = 1_700_000_000_000;
const revoked: Revocation = { kind: 'session', id: sid, notBefore: nowMs * 1000, until: nowMs / 1000 + 600 };
const row = { kind: 'session', id: sid, not_before: revoked.notBefore, until: revoked.until };

function source(silentMs: number): RevocationSource & { apply(revocations: readonly Revocation[]): void } {
  const held = {
    apply: ((): void => {}) as (revocations: readonly Revocation[]) => void,
    start(apply: (revocations: readonly Revocation[]) => void) {
      held.apply = apply;
      return Promise.resolve();
    },
    silentMs: () => silentMs,
    close: () => Promise.resolve(),
  };
  return held;
}

describe('revocations', () => {
  test('all are loaded at the start, with since=0', async () => {
    const asked: number[] = [];
    const live = new LiveRevocations({
      source: source(0),
      fetchSince: (since) => {
        asked.push(since);
        return Promise.resolve({ as_of: nowMs * 1000, revocations: [row] });
      },
      log,
      nowMs: () => nowMs,
    });
    assert.equal(live.isLoaded, false);
    await live.start();
    assert.deepEqual([live.isLoaded, live.isRevoked(claims), live.size, asked], [true, true, 1, [0]]);
    await live.close();
  });

  test('what the feed says holds at once', async () => {
    const feed = source(0);
    const fetchSince = () => Promise.resolve({ as_of: 1, revocations: [] });
    const live = new LiveRevocations({ source: feed, fetchSince, log, nowMs: () => nowMs });
    await live.start();
    assert.equal(live.isRevoked(claims), false);
    feed.apply([revoked]);
    assert.equal(live.isRevoked(claims), true);
    await live.close();
  });

  test('while the feed is silent auth is asked, with an overlap that late commits fit into', async () => {
    const asked: number[] = [];
    const live = new LiveRevocations({
      source: source(Number.POSITIVE_INFINITY),
      fetchSince: (since) => {
        asked.push(since);
        return Promise.resolve({ as_of: 100_000_000, revocations: asked.length > 1 ? [row] : [] });
      },
      log,
      nowMs: () => nowMs,
    });
    await live.start();
    await until('a second question', () => live.isRevoked(claims));
    assert.deepEqual(asked.slice(0, 2), [0, 70_000_000]);
    await live.close();
  });

  test('what a feed that can be read but not written to keeps to itself is asked of auth soon', async () => {
    let asked = 0;
    const fetchSince = () => {
      asked += 1;
      return Promise.resolve({ as_of: nowMs * 1000, revocations: asked > 1 ? [row] : [] });
    };
    // It says that it is current all the time: a full Redis, for one, still answers whoever reads.
    const live = new LiveRevocations({ source: source(0), fetchSince, log });
    await live.start();
    await until('a second question', () => live.isRevoked(claims));
    await live.close();
  });

  test('how stale it is is known: Infinity before the first load, then since both sources fell silent', async () => {
    let clockMs = nowMs;
    let isDown = true;
    const live = new LiveRevocations({
      source: source(Number.POSITIVE_INFINITY),
      fetchSince: () =>
        isDown ? Promise.reject(new Error('down')) : Promise.resolve({ as_of: 1, revocations: [] }),
      log,
      nowMs: () => clockMs,
      staleAfterMs: 10_000,
    });
    await live.start();
    assert.deepEqual([live.isLoaded, live.lagMs(), live.isStale()], [false, Number.POSITIVE_INFINITY, true]);
    isDown = false;
    await until('the first load', () => live.isLoaded);
    assert.deepEqual([live.lagMs(), live.isStale()], [0, false]);
    isDown = true;
    clockMs += 10_001;
    assert.deepEqual([live.lagMs(), live.isStale()], [10_001, true]);
    await live.close();
  });

  test('no clock of this machine that is set makes it forget, overlook or lock anybody out', async (t) => {
    const feed = source(1000);
    const fetchSince = () => Promise.resolve({ as_of: nowMs * 1000, revocations: [] });
    const live = new LiveRevocations({ source: feed, fetchSince, log });
    await live.start();
    for (const wallMs of [0, nowMs * 2]) {
      t.mock.method(Date, 'now', () => wallMs);
      assert.ok(live.lagMs() >= 0 && live.lagMs() <= 1000 && !live.isStale());
      const id = uuidV7(wallMs + 5);
      feed.apply([{ ...revoked, id }]);
      assert.equal(live.isRevoked({ ...claims, sid: id }), true);
    }
    // By the database's clock it is over.
    feed.apply([{ ...revoked, until: nowMs / 1000 - 600 }]);
    assert.equal(live.isRevoked(claims), false);
    await live.close();
  });

  test('a withdrawn key is told of once, from whichever source', async () => {
    const key: Revocation = { ...revoked, kind: 'key' };
    const feed = source(0);
    let told = 0;
    const fetchSince = () => Promise.resolve({ as_of: 1, revocations: [{ ...row, kind: 'key' }] });
    const onKeyRevoked = () => {
      told += 1;
    };
    const live = new LiveRevocations({ source: feed, fetchSince, log, nowMs: () => nowMs, onKeyRevoked });
    await live.start();
    feed.apply([key, key]);
    assert.deepEqual([told, live.isKeyRevoked(sid), live.isRevoked(claims)], [1, true, false]);
    await live.close();
  });

  test('a large set is loaded in pages, and counts as loaded with the last', async () => {
    const others = [1, 2].map((n) => ({ ...row, id: uuidV7(1_700_000_000_000_100 + n) }));
    const pages = [[others[0]], [others[0], others[1]], [others[1], row]];
    const asked: unknown[] = [];
    const states: boolean[] = [];
    const live: LiveRevocations = new LiveRevocations({
      source: source(0),
      fetchSince: (...from) => {
        states.push(live.isLoaded);
        const next = asked.push(from) < pages.length ? { since: asked.length, from_id: sid } : null;
        return Promise.resolve({ as_of: 7, revocations: pages[asked.length - 1], next });
      },
      log,
      nowMs: () => nowMs,
    });
    await live.start();
    assert.deepEqual(asked, [[0], [1, sid], [2, sid]]);
    assert.deepEqual([live.isLoaded, live.size, states], [true, 3, [false, false, false]]);
    await live.close();
  });

  test('an answer that is none changes nothing', async () => {
    const fetchSince = () => Promise.resolve({ revocations: [row] });
    const live = new LiveRevocations({ source: source(0), fetchSince, log, nowMs: () => nowMs });
    await live.start();
    assert.deepEqual([live.isLoaded, live.isRevoked(claims)], [false, false]);
    await live.close();
  });
});
