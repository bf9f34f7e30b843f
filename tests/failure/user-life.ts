// The life of one user under faults: registers, logs in, refreshes, and ends in one of the ways that must hold. Every
// answer goes into the ledger; where none came, or a 503, it is tried again as a patient client would.

import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, type Call, send, type Target } from '../proofs/http-client.ts';
import { readClaims } from '../proofs/read-claims.ts';
import type { Answers } from './answers.ts';
import type { Ledger, SessionEntry, UserEntry } from './ledger.ts';

export type LifeContext = {
  readonly target: Target;
  readonly ledger: Ledger;
  readonly answers: Answers;
  /** Of an admin, for what admins do. */
  readonly adminToken: string;
  readonly isOver: () => boolean;
  /** As `onClosed` of a call. */
  readonly onClosed?: () => void;
};

export const endings = ['none', 'logout', 'delete session', 'password', 'disable', 'role'] as const;
export type Ending = (typeof endings)[number];

export const firstPassword = 'StrongPass123';
const secondPassword = 'AnotherStrong456';
const graceMs = 10_000;
const retryMs = 200;
const refreshes = 3;

type Asked = {
  readonly answer: Answer | undefined;
  /** The first attempt that may have been done without our knowing; undefined: none. */
  readonly unsureSinceMs: number | undefined;
};

/** Asks until there is an answer other than 503 (or 502: a gateway whose auth is away), or the run is over. */
async function insist(context: LifeContext, call: Call, isRetried = true): Promise<Asked> {
  let unsureSinceMs: number | undefined;
  for (;;) {
    const sentMs = performance.now();
    const { target, onClosed } = context;
    const sent = send(target, onClosed === undefined ? call : { ...call, onClosed });
    const answer = await sent.catch(() => undefined);
    context.answers.note('write', sentMs, answer);
    const isDone = answer !== undefined && answer.status < 500;
    if (isDone || !isRetried || context.isOver()) return { answer, unsureSinceMs };
    unsureSinceMs ??= sentMs;
    await delay(retryMs);
  }
}

const requestIdOf = ({ answer, unsureSinceMs }: Asked): string | undefined =>
  unsureSinceMs === undefined ? String(answer?.headers['x-request-id']) : undefined;

/** Undefined: not acknowledged; whether there is such an account is not known. */
async function register(context: LifeContext): Promise<UserEntry | undefined> {
  const email = `${randomBytes(8).toString('hex')}@example.com`;
  const body = { email, password: firstPassword };
  const asked = await insist(context, { method: 'POST', path: '/api/auth/register', body }, false);
  if (asked.answer?.status !== 201) return undefined;
  const id = String(asked.answer.body['id']);
  const user = { id, email, passwords: [firstPassword], roles: ['user'], disabled: [false], sessions: [] };
  context.ledger.users.push(user);
  context.ledger.events.push({ event: 'user.registered', requestId: requestIdOf(asked), subject: id });
  return user;
}

async function logIn(context: LifeContext, user: UserEntry): Promise<SessionEntry | undefined> {
  const body = { email: user.email, password: firstPassword };
  const asked = await insist(context, { method: 'POST', path: '/api/auth/login', body });
  const { answer } = asked;
  if (answer === undefined || answer.status >= 500) return undefined;
  if (answer.status !== 200) {
    context.ledger.violations.push(`an acknowledged registration was answered ${answer.status} at login`);
    return undefined;
  }
  const accessToken = String(answer.body['access_token']);
  const { sid } = readClaims(accessToken);
  const token = String(answer.body['refresh_token']);
  const session: SessionEntry = {
    id: sid,
    userId: user.id,
    token,
    accessToken,
    consumed: [],
    state: 'living',
  };
  user.sessions.push(session);
  context.ledger.events.push({
    event: 'login.succeeded',
    requestId: String(answer.headers['x-request-id']),
    subject: sid,
  });
  return session;
}

async function refresh(context: LifeContext, session: SessionEntry): Promise<boolean> {
  const body = { refresh_token: session.token };
  const { answer, unsureSinceMs } = await insist(context, {
    method: 'POST',
    path: '/api/auth/refresh',
    body,
  });
  if (answer === undefined || answer.status >= 500) return false;
  if (answer.status !== 200) {
    // Beyond the grace of a rotation that nobody was told of, it is taken for stolen: as designed.
    const isReuse = unsureSinceMs !== undefined && performance.now() - unsureSinceMs > graceMs;
    if (!isReuse) context.ledger.violations.push(`a living refresh token was answered ${answer.status}`);
    session.state = isReuse ? 'unknown' : session.state;
    return false;
  }
  const successor = String(answer.body['refresh_token']);
  context.ledger.noteRefresh(session.token, answer.outcome, successor);
  if (answer.outcome === 'rotated') {
    const requestId = String(answer.headers['x-request-id']);
    context.ledger.events.push({ event: 'token.refreshed', requestId, subject: session.id });
  }
  session.consumed.push(session.token);
  session.token = successor;
  session.accessToken = String(answer.body['access_token']);
  return true;
}

type EndingPlan = {
  readonly call: Call;
  readonly event: string;
  readonly subject: string;
  /** What is right while it is not known whether it was done, and what is once it is acknowledged. */
  readonly unsure: () => void;
  readonly sure: () => void;
};

function planEnding(
  ending: Exclude<Ending, 'none'>,
  user: UserEntry,
  session: SessionEntry,
  adminToken: string,
): EndingPlan {
  const endSession = { unsure: () => (session.state = 'unknown'), sure: () => (session.state = 'ended') };
  const patch = (body: unknown): Call => ({
    method: 'PATCH',
    path: `/api/admin/users/${user.id}`,
    token: adminToken,
    body,
  });
  switch (ending) {
    case 'logout':
      return {
        call: { method: 'POST', path: '/api/auth/logout', body: { refresh_token: session.token } },
        event: 'logout',
        subject: session.id,
        ...endSession,
      };
    case 'delete session':
      return {
        call: { method: 'DELETE', path: `/api/auth/sessions/${session.id}`, token: session.accessToken },
        event: 'session.revoked',
        subject: session.id,
        ...endSession,
      };
    case 'password':
      return {
        call: {
          method: 'POST',
          path: '/api/auth/password',
          token: session.accessToken,
          body: { current_password: firstPassword, new_password: secondPassword },
        },
        event: 'user.password_changed',
        subject: user.id,
        unsure: () => (user.passwords = [firstPassword, secondPassword]),
        sure: () => (user.passwords = [secondPassword]),
      };
    case 'disable':
      return {
        call: patch({ disabled: true }),
        event: 'user.disabled',
        subject: user.id,
        unsure() {
          user.disabled = [false, true];
          session.state = 'unknown';
        },
        sure() {
          user.disabled = [true];
          session.state = 'ended';
        },
      };
    case 'role':
      return {
        call: patch({ role: 'admin' }),
        event: 'user.role_changed',
        subject: user.id,
        unsure: () => (user.roles = ['user', 'admin']),
        sure: () => (user.roles = ['admin']),
      };
    default:
      return ending satisfies never;
  }
}

async function end(context: LifeContext, user: UserEntry, session: SessionEntry, ending: Ending) {
  if (ending === 'none') return;
  const plan = planEnding(ending, user, session, context.adminToken);
  plan.unsure();
  // These two cannot be told again once they are done: the session they need is gone.
  const mayRepeat = ending !== 'password' && ending !== 'delete session';
  const asked = await insist(context, plan.call, mayRepeat);
  const status = asked.answer?.status ?? 0;
  if (status === 200 || status === 204) {
    plan.sure();
    context.ledger.events.push({ event: plan.event, requestId: requestIdOf(asked), subject: plan.subject });
  } else if (ending === 'delete session' && (status === 401 || status === 404)) {
    // A gateway, or auth, that died over it: the request was sent to another one (RFC 9110 section 9.2.2 allows that for
    // DELETE), and the session it was made with is gone by its own first try, before its token was looked at or after. It
    // is gone then, by one event.
    plan.sure();
    context.ledger.events.push({ event: plan.event, requestId: undefined, subject: plan.subject });
  } else if (status > 0 && status < 500) {
    context.ledger.violations.push(`${ending}: answered ${status}`);
  }
}

/** From the registration to one of the endings; cut short when the run is over. */
export async function liveOnce(context: LifeContext, ending: Ending): Promise<void> {
  const user = await register(context);
  if (user === undefined) {
    await delay(retryMs);
    return;
  }
  const session = await logIn(context, user);
  if (session === undefined) return;
  for (let i = 0; i < refreshes && !context.isOver(); i += 1) {
    if (!(await refresh(context, session))) return;
  }
  await end(context, user, session, ending);
}
