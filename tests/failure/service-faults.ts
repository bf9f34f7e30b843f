// A service behind the gateway fails in every way the network knows. Its own callers get the documented answer, and
// nobody else notices.

import { setTimeout as delay } from 'node:timers/promises';
import { send } from '../proofs/http-client.ts';
import type { MixedLoad } from './drive-load.ts';
import type { Fault } from './fault-proxy.ts';
import type { FaultCase } from './measure-fault.ts';
import type { Rig } from './start-rig.ts';

const perSecond = 20;

/** Asks the sick service at a steady rate; what it answers must be documented (`allowed`), and come in time. */
async function probeSick(rig: Rig, load: MixedLoad, seconds: number, allowed: RegExp) {
  const answers: Record<string, number> = {};
  const asking: Promise<void>[] = [];
  const endMs = performance.now() + seconds * 1000;
  async function ask(index: number): Promise<void> {
    const token = load.tokens[index % load.tokens.length]!;
    const name = await send(rig.entry, { path: '/sick/x', token }).then(
      ({ status, body }) => `${status} ${typeof body['code'] === 'string' ? body['code'] : ''}`.trim(),
      () => 'cut off',
    );
    answers[name] = (answers[name] ?? 0) + 1;
  }
  for (let index = 0; performance.now() < endMs; index += 1) {
    asking.push(ask(index));
    await delay(1000 / perSecond);
  }
  await Promise.all(asking);
  const odd = Object.keys(answers).filter((name) => !allowed.test(name));
  if (odd.length > 0) throw new Error(`the sick service's callers were answered ${JSON.stringify(answers)}`);
  return { sick: answers };
}

function fault(name: string, what: string, fault: Fault, allowed: RegExp): FaultCase {
  return {
    name,
    what,
    noticed: 'nothing',
    async inject({ links }) {
      await links.service.become(fault);
      return () => links.service.become('none');
    },
    probe: (rig, load, seconds) => probeSick(rig, load, seconds, allowed),
  };
}

export const serviceFaults: readonly FaultCase[] = [
  fault('service-away', 'a service is gone', 'away', /^502 upstream_(unreachable|invalid)$/),
  fault('service-hangs', 'a service takes requests and says nothing', 'silent', /^504 upstream_timeout$/),
  fault(
    'service-black-hole',
    'connections to a service die without a word',
    'black hole',
    /^504 upstream_timeout$/,
  ),
  fault('service-resets', 'a service resets before the head of its answer', 'resets', /^502 upstream_/),
  fault(
    'service-resets-in-head',
    'a service resets in the head',
    { cutAfterBytes: 20 },
    /^502 upstream_invalid$/,
  ),
  fault(
    'service-resets-in-body',
    'a service resets in the body',
    // The answer of small-service.ts without its last byte.
    { cutAfterBytes: 157 },
    /^(502 upstream_invalid|cut off)$/,
  ),
  fault(
    'service-half-closes',
    'a service ends its side before it answers',
    'half-closed',
    /^502 upstream_invalid$/,
  ),
  fault(
    'service-drips',
    'a service answers a byte at a time',
    { bytesPerSecond: 20 },
    /^(200|504 upstream_timeout)$/,
  ),
  fault('service-slow', 'a service is 400 ms late', { delayMs: 200 }, /^200$/),
  fault('service-sliced', 'the bytes of a service come in slices', { sliceBytes: 3 }, /^200$/),
];
