// Mixed load on a rig: requests with tokens at a steady rate, sent when their time has come whatever became of those
// before, and beside them users whose lives are full of writes.

import { setTimeout as delay } from 'node:timers/promises';
import { send, type Target, type Tokens } from '../proofs/http-client.ts';
import { Answers } from './answers.ts';
import { Ledger } from './ledger.ts';
import { endings, firstPassword, type LifeContext, liveOnce } from './user-life.ts';

type Account = { readonly email: string; readonly password: string };

export type MixedLoad = {
  readonly answers: Answers;
  readonly ledger: Ledger;
  readonly adminToken: string;
  /** Tokens of users that nothing happens to. */
  readonly tokens: readonly string[];
  /** Ends it, and waits for what is under way. */
  stop(): Promise<void>;
  /** After `stop`, with tokens that are new. */
  goOn(): Promise<void>;
};

export type MixedLoadOptions = {
  readonly entry: Target;
  readonly admin: Account;
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

async function makeReader(entry: Target, index: number): Promise<Account> {
  const body = { email: `reader${index}-${Date.now()}@example.com`, password: firstPassword };
  const { status } = await send(entry, { method: 'POST', path: '/api/auth/register', body });
  if (status !== 201) throw new Error(`register: ${status}`);
  return body;
}

/** Begins at once; the first answers are good before it resolves. */
export async function startMixedLoad(options: MixedLoadOptions): Promise<MixedLoad> {
  const { entry, admin, readsPerSecond, readPath = '/up/x', lives, pauseMs = 50, onClosed } = options;
  const [ledger, answers] = [new Ledger(), new Answers()];
  const accounts = await Promise.all(Array.from({ length: readers }, (_, index) => makeReader(entry, index)));
  async function signIn(): Promise<Pick<MixedLoad, 'adminToken' | 'tokens'>> {
    const tokenOf = async ({ email, password }: Account) =>
      (await logInPatiently(entry, email, password)).access_token;
    const [adminToken, ...tokens] = await Promise.all([admin, ...accounts].map(tokenOf));
    return { adminToken: adminToken!, tokens };
  }
  let signedIn = await signIn();
  const state = { isOver: false };
  const context: LifeContext = {
    target: entry,
    ledger,
    answers,
    get adminToken() {
      return signedIn.adminToken;
    },
    isOver: () => state.isOver,
    ...(onClosed === undefined ? {} : { onClosed }),
  };

  const underWay = new Set<Promise<void>>();
  async function readOnce(token: string): Promise<void> {
    const sentMs = performance.now();
    const answer = await send(entry, { path: readPath, token }).catch(() => undefined);
    answers.note('read', sentMs, answer);
  }
  function keepReading(): NodeJS.Timeout {
    const startMs = performance.now();
    let sent = 0;
    return setInterval(() => {
      const due = ((performance.now() - startMs) / 1000) * readsPerSecond;
      for (; sent < due; sent += 1) {
        const reading: Promise<void> = readOnce(signedIn.tokens[sent % readers]!).finally(() =>
          underWay.delete(reading),
        );
        underWay.add(reading);
      }
    }, tickMs);
  }

  let born = 0;
  async function keepLiving(): Promise<void> {
    while (!state.isOver) {
      born += 1;
      await liveOnce(context, endings[born % endings.length]!);
      await delay(pauseMs);
    }
  }
  function begin() {
    state.isOver = false;
    const living = Promise.all(Array.from({ length: lives }, keepLiving));
    living.catch(() => undefined);
    return { timer: keepReading(), living };
  }
  let going = begin();

  return {
    answers,
    ledger,
    get adminToken() {
      return signedIn.adminToken;
    },
    get tokens() {
      return signedIn.tokens;
    },
    async stop() {
      state.isOver = true;
      clearInterval(going.timer);
      await going.living;
      await Promise.all(underWay);
    },
    async goOn() {
      signedIn = await signIn();
      going = begin();
    },
  };
}
