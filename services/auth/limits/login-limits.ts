// How logins and registrations are counted. Per network every attempt counts; per account and network each
// failed login counts and a success resets it; in all, after so many failures in a row, only networks from which
// the account has signed in may try, until an admin or a day lifts that lock: a success of the owner does not, or
// each would give the guessers another hundred. Nothing here asks whether an account exists: unknown addresses
// count alike.

import type { Bucket, BucketState, Limit, Limiter } from '@pi-gateway/limiter/limiter.ts';
import { rateLimitHeaders } from '@pi-gateway/limiter/rate-limit-headers.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { type AccountKey, openAccountKey } from './account-key.ts';

const daySeconds = 86_400;

type Rate = { readonly count: number; readonly periodSeconds: number } | 'off';
type Counted = { readonly limit: Limit; readonly state: BucketState };

export type LimitSettings = {
  readonly rateLimitLoginPerIp: Rate;
  readonly rateLimitLoginPerAccount: Rate;
  readonly rateLimitRegisterPerIp: Rate;
  readonly rateLimitMailPerAddress: Rate;
  readonly loginFailuresMax: number;
};

/** Whether an attempt is refused, and the headers its answer carries either way. */
export type Verdict = { readonly limited: boolean; readonly headers: Readonly<Record<string, string>> };

export type Limits = {
  /** The name of an account in buckets and events. */
  readonly accountKey: AccountKey;
  /** Before anything else; counts the attempt of the network unless it is refused. */
  admitLogin(login: LoginAttempt): Promise<Verdict>;
  /** Inside the permit to hash, since others may have failed meanwhile; counts nothing. */
  recheckLogin(login: LoginAttempt): Promise<Verdict>;
  countFailure(login: LoginAttempt): Promise<Verdict>;
  countSuccess(login: LoginAttempt): Promise<Verdict>;
  forgiveFailures(account: string): Promise<void>;
  /** Every well-formed registration counts. */
  admitRegistration(network: string): Promise<Verdict>;
  /** Every mail to one address counts, whether it has an account or not. @param account by `accountKey`. */
  admitMail(account: string): Promise<Verdict>;
};

export type LoginAttempt = {
  /** By `accountKey`. */
  readonly account: string;
  readonly network: string;
  /** Asked only while the account is under attack. */
  readonly isKnownNetwork: () => Promise<boolean>;
};

export function createLimits(limiter: Limiter, settings: LimitSettings, masterKey: Buffer): Limits {
  const perIp = limitOf('login-ip', settings.rateLimitLoginPerIp);
  const perAccount = limitOf('login-account', settings.rateLimitLoginPerAccount);
  const registerPerIp = limitOf('register-ip', settings.rateLimitRegisterPerIp);
  const mailPerAddress = limitOf('mail-address', settings.rateLimitMailPerAddress);

  const ipBucket = ({ network }: LoginAttempt) => perIp && { limit: perIp, key: network };
  const accountBucket = ({ account, network }: LoginAttempt) =>
    perAccount && { limit: perAccount, key: `${account}|${network}` };
  const failuresKey = (account: string) => `login-failures:${account}`;
  const peek = (bucket: Bucket | undefined) => bucket && count(bucket, limiter.peek(bucket));
  const take = (bucket: Bucket | undefined) => bucket && count(bucket, limiter.take(bucket));

  async function takeUnlessEmpty(bucket: Bucket | undefined, peeked: Counted | undefined) {
    return peeked?.state.remaining === 0 ? refuseEmpty(peeked) : take(bucket);
  }

  async function isLocked({ account }: LoginAttempt): Promise<boolean> {
    return (await limiter.count(failuresKey(account))) >= settings.loginFailuresMax;
  }

  /** A lock is not lengthened by failures from known networks. */
  async function countInRow(login: LoginAttempt): Promise<void> {
    if (!(await isLocked(login))) await limiter.increment(failuresKey(login.account), daySeconds);
  }

  async function endRow(login: LoginAttempt): Promise<void> {
    if (!(await isLocked(login))) await limiter.clear(failuresKey(login.account));
  }

  async function judge(login: LoginAttempt, isCounted: boolean): Promise<Verdict> {
    // Side by side: a flood is refused after one question to Redis, not after three.
    const [peekedAccount, peekedIp, isUnderLock] = await Promise.all([
      peek(accountBucket(login)),
      peek(ipBucket(login)),
      isLocked(login),
    ]);
    const byAccount = refuseEmpty(peekedAccount);
    const isLockedOut = isUnderLock && !(await login.isKnownNetwork());
    const isCountedNow = isCounted && !isLockedOut && byAccount?.state.limited !== true;
    const byIp = isCountedNow ? await takeUnlessEmpty(ipBucket(login), peekedIp) : admit(peekedIp);
    const { limited, headers } = verdict([byIp, byAccount]);
    // Rather too long than too short: a limiter does not tell since when it counts.
    return isLockedOut
      ? { limited: true, headers: { ...headers, 'retry-after': String(daySeconds) } }
      : { limited, headers };
  }

  return {
    accountKey: openAccountKey(masterKey),
    admitLogin: (login) => judge(login, true),
    recheckLogin: (login) => judge(login, false),
    async countFailure(login) {
      const [byIp, byAccount] = await Promise.all([
        peek(ipBucket(login)),
        take(accountBucket(login)),
        countInRow(login),
      ]);
      return verdict([admit(byIp), admit(byAccount)]);
    },
    async countSuccess(login) {
      const bucket = accountBucket(login);
      await Promise.all([bucket && limiter.reset(bucket), endRow(login)]);
      return verdict([admit(await peek(ipBucket(login))), admit(await peek(bucket))]);
    },
    forgiveFailures: (account) => limiter.clear(failuresKey(account)),
    admitRegistration: async (network) =>
      verdict([await take(registerPerIp && { limit: registerPerIp, key: network })]),
    admitMail: async (account) =>
      verdict([await take(mailPerAddress && { limit: mailPerAddress, key: account })]),
  };
}

/** 429 with the headers of the verdict. */
export function rateLimited({ headers }: Verdict): AppError {
  return new AppError('rate_limited', { headers });
}

async function count({ limit }: Bucket, state: Promise<BucketState>): Promise<Counted> {
  return { limit, state: await state };
}

// A peek tells the state; whether an empty bucket refuses is this file's business.
function refuseEmpty(counted: Counted | undefined): Counted | undefined {
  return counted && { ...counted, state: { ...counted.state, limited: counted.state.remaining === 0 } };
}

function admit(counted: Counted | undefined): Counted | undefined {
  return counted && { ...counted, state: { ...counted.state, limited: false } };
}

function limitOf(name: string, rate: Rate): Limit | undefined {
  return rate === 'off' ? undefined : { name, ...rate };
}

function verdict(given: readonly (Counted | undefined)[]): Verdict {
  const counted = given.filter((one) => one !== undefined);
  return { limited: counted.some(({ state }) => state.limited), headers: rateLimitHeaders(counted) };
}
