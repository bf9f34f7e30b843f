import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CircuitBreaker } from './circuit-breaker.ts';

const rule = { failurePercent: 50, minRequests: 10, windowMs: 10_000 };
let told: boolean[] = [];
const open = (mayOpen = () => true) => {
  told = [];
  return new CircuitBreaker(rule, { mayOpen, onChange: (isClosed) => told.push(isClosed) });
};

/** One request from its beginning to its end. */
function ask(breaker: CircuitBreaker, outcome: 'answered' | 'failed' | 'unreachable', nowMs: number): void {
  const pass = breaker.begin();
  if (outcome === 'answered') breaker.noteAnswered(pass, nowMs);
  else if (outcome === 'failed') breaker.noteFailed(pass, nowMs);
  else breaker.noteUnreachable(pass, nowMs);
  breaker.end(pass);
}

describe('a closed breaker', () => {
  test('opens when half of enough requests have failed, and not before', () => {
    const breaker = open();
    for (let i = 0; i < 5; i++) ask(breaker, 'answered', i);
    for (let i = 0; i < 4; i++) ask(breaker, 'failed', i);
    assert.equal(breaker.state(10), 'closed');
    ask(breaker, 'failed', 10);
    assert.equal(breaker.state(10), 'open');
    assert.equal(breaker.mayTry(10), false);
  });

  test('fewer requests than the least say nothing', () => {
    const breaker = open();
    for (let i = 0; i < 9; i++) ask(breaker, 'failed', i);
    assert.equal(breaker.state(9), 'closed');
  });

  test('failures that lie outside the window are forgotten', () => {
    const breaker = open();
    for (let i = 0; i < 9; i++) ask(breaker, 'failed', i);
    for (let i = 0; i < 9; i++) ask(breaker, 'failed', 20_000 + i);
    assert.equal(breaker.state(20_009), 'closed');
  });

  test('opens at once when the target cannot be reached', () => {
    const breaker = open();
    ask(breaker, 'unreachable', 0);
    assert.equal(breaker.state(0), 'open');
  });

  test('stays closed when too many others are open, though not for a target out of reach', () => {
    const breaker = open(() => false);
    for (let i = 0; i < 100; i++) ask(breaker, 'failed', i);
    assert.equal(breaker.state(100), 'closed');
    ask(breaker, 'unreachable', 100);
    assert.equal(breaker.state(100), 'open');
  });

  test('without a rule failures are not counted', () => {
    const breaker = new CircuitBreaker(undefined, { mayOpen: () => true, onChange: () => assert.fail() });
    for (let i = 0; i < 100; i++) ask(breaker, 'failed', i);
    assert.equal(breaker.state(100), 'closed');
  });
});

describe('a half open breaker', () => {
  const restMs = 500;

  test('lets one request at a time try', () => {
    const breaker = open();
    ask(breaker, 'unreachable', 0);
    assert.equal(breaker.mayTry(restMs - 1), false);
    assert.equal(breaker.mayTry(restMs), true);
    const pass = breaker.begin();
    assert.equal(breaker.mayTry(restMs), false);
    // The client left before there was any outcome.
    breaker.end(pass);
    assert.equal(breaker.mayTry(restMs), true);
  });

  test('closes with the first proper answer', () => {
    const breaker = open();
    ask(breaker, 'unreachable', 0);
    ask(breaker, 'answered', restMs);
    assert.equal(breaker.state(restMs), 'closed');
    assert.equal(breaker.mayTry(restMs), true);
  });

  test('opens again with the first failure', () => {
    const breaker = open();
    ask(breaker, 'unreachable', 0);
    ask(breaker, 'failed', restMs);
    assert.equal(breaker.state(restMs), 'open');
  });

  test('an answer to a request from before it opened does not close it', () => {
    const breaker = open();
    const old = breaker.begin();
    ask(breaker, 'unreachable', 0);
    breaker.noteAnswered(old, 100);
    breaker.end(old);
    assert.equal(breaker.state(100), 'open');
  });

  test('many requests that fail at once count as one failure', () => {
    const breaker = open();
    const passes = Array.from({ length: 100 }, () => breaker.begin());
    for (const pass of passes) breaker.noteUnreachable(pass, 0);
    assert.equal(breaker.openings, 1);
    assert.equal(breaker.state(restMs), 'half_open');
  });
});

test('its owner hears when it opens and when it closes, not of each failed trial', () => {
  const breaker = open();
  ask(breaker, 'unreachable', 0);
  ask(breaker, 'unreachable', 5000);
  ask(breaker, 'failed', 10_000);
  assert.deepEqual(told, [false]);
  ask(breaker, 'answered', 15_000);
  assert.deepEqual(told, [false, true]);
});

test('whatever happens, a target is tried again within five seconds, by one request at a time', () => {
  const step = fc.record({
    waitMs: fc.integer({ min: 0, max: 6000 }),
    outcome: fc.constantFrom('answered' as const, 'failed' as const, 'unreachable' as const),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const breaker = open();
      let nowMs = 0;
      for (const { waitMs, outcome } of steps) {
        nowMs += waitMs;
        ask(breaker, outcome, nowMs);
        assert.equal(breaker.mayTry(nowMs + 5000), true);
        if (breaker.isClosed) continue;
        const pass = breaker.begin();
        assert.equal(breaker.mayTry(nowMs + 5000), false);
        breaker.end(pass);
      }
    }),
  );
});
