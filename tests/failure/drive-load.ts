// Mixed load on a rig: requests with tokens at a steady rate, sent when their time has come whatever became of those
// before, and beside them users whose lives are full of writes.

import { setTimeout as delay } from 'node:timers/promises';
import { send, type Target, type Tokens } from '../proofs/http-client.ts';
import { Answers } from './answers.ts';
import { Ledger } from './ledger.ts';
import { endings, firstPassword, type LifeContext, liveOnce } from './user-life.ts';

export type MixedLoad = {
  readonly answers: Answers;
  readonly ledger: Ledger;
  readonly adminToken: string;
  /** Tokens of users that nothing happens to. */
  readonly tokens: readonly string[];
  /** Ends it, and waits for what is under way. */
  stop(): Promise<void>;
};

export type MixedLoadOptions = {
  readonly entry: Target;
  readonly admin: { readonly email: string; readonly password: string };
  readonly readsPerSecond: number;
  /** Where the requests with tokens go. */
  readonly readPath?: string;
  /** Users that live at the same time. */
  readonly lives: number;
  /** Between two lives of one of them. */
  readonly pauseMs?: number;
  /** As `onClosed` of a call, for the writes. */
  readonly onClosed?: () => void;
};

const tickMs = 10;
const readers = 5;
const loginTries = 20;

/** @throws {Error} when nobody can log in. */
export async function logInPatiently(entry: Target, email: string, password: string): Promise<Tokens> {
  for (let tries = 1; ; tries += 1) {
    const body = { email, password };
    const answer = await send(entry, { method: 'POST', path: '/api/auth/login', body });
    if (answer.status === 200) return answer.body as Tokens;
    if (tries === loginTries) throw new Error(`login: ${answer.status} ${JSON.stringify(answer.body)}`);
    await delay(250);
  }
}

async function makeReader(entry: Target, index: number): Promise<string> {
  const email = `reader${index}-${Date.now()}@example.com`;
  const body = { email, password: firstPassword };
  const { status } = await send(entry, { method: 'POST', path: '/api/auth/register', body });
  if (status !== 201) throw new Error(`register: ${status}`);
  return (await logInPatiently(entry, email, firstPassword)).access_token;
}

/** Begins at once; the first answers are good before it resolves. */
export async function startMixedLoad(options: MixedLoadOptions): Promise<MixedLoad> {
  const { entry, admin, readsPerSecond, readPath = '/up/x', lives, pauseMs = 50, onClosed } = options;
  const [ledger, answers] = [new Ledger(), new Answers()];
  const adminToken = (await logInPatiently(entry, admin.email, admin.password)).access_token;
  const tokens = await Promise.all(Array.from({ length: readers }, (_, index) => makeReader(entry, index)));
  const state = { isOver: false };
  const context: LifeContext = {
    target: entry,
    ledger,
    answers,
    adminToken,
    isOver: () => state.isOver,
    ...(onClosed === undefined ? {} : { onClosed }),
  };

  const underWay = new Set<Promise<void>>();
  async function readOnce(token: string): Promise<void> {
    const sentMs = performance.now();
    const answer = await send(entry, { path: readPath, token }).catch(() => undefined);
    answers.note('read', sentMs, answer);
  }
  const startMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - startMs) / 1000) * readsPerSecond;
    for (; sent < due; sent += 1) {
      const reading: Promise<void> = readOnce(tokens[sent % readers]!).finally(() =>
        underWay.delete(reading),
      );
      underWay.add(reading);
    }
  }, tickMs);

  let born = 0;
  async function keepLiving(): Promise<void> {
    while (!state.isOver) {
      born += 1;
      await liveOnce(context, endings[born % endings.length]!);
      await delay(pauseMs);
    }
  }
  const living = Promise.all(Array.from({ length: lives }, keepLiving));
  living.catch(() => undefined);

  return {
    answers,
    ledger,
    adminToken,
    tokens,
    async stop() {
      state.isOver = true;
      clearInterval(timer);
      await living;
      await Promise.all(underWay);
    },
  };
}
