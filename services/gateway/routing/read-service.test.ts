import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig } from './load-config.ts';
import type { Service } from './route.ts';

function load(service: string) {
  return loadConfig(`services:\n  up: { ${service} }\nroutes: []\n`, {});
}

function read(service: string): Service {
  const loaded = load(service);
  assert.equal(loaded.kind, 'config', JSON.stringify(loaded));
  return loaded.kind === 'config' ? loaded.config.services.get('up')! : assert.fail();
}

function refusal(service: string): string {
  const loaded = load(service);
  assert.equal(loaded.kind, 'invalid', `taken: ${service}`);
  return loaded.kind === 'invalid' ? loaded.problems.map(({ message }) => message).join('\n') : '';
}

describe('targets', () => {
  test('are origins, or origins with a weight', () => {
    const { targets } = read('targets: [http://a:9000/, { url: "https://b", weight: 3 }, { url: http://c }]');
    assert.deepEqual(targets, [
      { origin: 'http://a:9000', weight: 1 },
      { origin: 'https://b', weight: 3 },
      { origin: 'http://c', weight: 1 },
    ]);
  });

  test('with anything but an origin, twice the same, or a weight out of bounds are refused', () => {
    assert.match(refusal('targets: [http://a/path]'), /a target is an http or https origin/);
    assert.match(refusal('targets: [http://user:pw@a]'), /a target is an http or https origin/);
    assert.match(refusal('targets: [http://a, { url: "http://a/", weight: 2 }]'), /stands here twice/);
    assert.match(refusal('targets: [{ weight: 2 }]'), /needs its url/);
    assert.match(refusal('targets: [{ url: http://a, weight: 0 }]'), /weight must be a whole number from 1/);
    assert.match(refusal('targets: [{ url: http://a, wieght: 2 }]'), /did you mean "weight"/);
  });
});

describe('breaker', () => {
  const fallback = { failurePercent: 50, minRequests: 20, windowMs: 10_000 };

  test('is on by default, and can be tuned or switched off', () => {
    assert.deepEqual(read('targets: [http://a]').breaker, fallback);
    assert.deepEqual(read('targets: [http://a], breaker: { failure_percent: 20 }').breaker, {
      ...fallback,
      failurePercent: 20,
    });
    assert.equal(read('targets: [http://a], breaker: off').breaker, undefined);
  });

  test('is refused with another word or a share above all', () => {
    assert.match(refusal('targets: [http://a], breaker: on'), /breaker must be one of off/);
    assert.match(refusal('targets: [http://a], breaker: { failure_percent: 101 }'), /from 1 to 100/);
  });
});

test('there is no bound on the whole time unless one is given', () => {
  assert.equal(read('targets: [http://a]').timeouts.totalMs, undefined);
  assert.equal(read('targets: [http://a], timeouts: { total_ms: 5000 }').timeouts.totalMs, 5000);
});
