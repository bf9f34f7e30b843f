// What was acknowledged, and therefore must hold whatever happens afterwards. A write that got no answer, or a 503, may
// have been done or not: then both are right.

export type SessionEntry = {
  readonly id: string;
  readonly userId: string;
  /** The refresh token to use next, and those before it. */
  token: string;
  accessToken: string;
  readonly consumed: string[];
  /** `unknown`: its end was asked for, and not acknowledged. */
  state: 'living' | 'ended' | 'unknown';
};

export type UserEntry = {
  readonly id: string;
  readonly email: string;
  /** One of them holds. */
  passwords: readonly string[];
  roles: readonly string[];
  disabled: readonly boolean[];
  readonly sessions: SessionEntry[];
};

export type EventEntry = {
  readonly event: string;
  /** Undefined: an attempt before it may have been the one that did it. */
  readonly requestId: string | undefined;
  /** The user or the session that it is about. */
  readonly subject: string;
};

export class Ledger {
  readonly users: UserEntry[] = [];
  /** Of every acknowledged write, exactly one. */
  readonly events: EventEntry[] = [];
  /** What no answer may ever say, as it was seen. */
  readonly violations: string[] = [];
  /** Of each refresh token, how often it was answered with a rotation, and the successors told. */
  readonly #used = new Map<string, { rotations: number; readonly successors: Set<string> }>();

  noteRefresh(token: string, outcome: string | undefined, successor: string): void {
    const used = this.#used.get(token) ?? { rotations: 0, successors: new Set<string>() };
    this.#used.set(token, used);
    if (outcome === 'rotated') used.rotations += 1;
    used.successors.add(successor);
    if (used.rotations > 1) this.violations.push('a refresh token was accepted twice');
    if (used.successors.size > 1) this.violations.push('a refresh token has two successors');
  }

  get sessions(): SessionEntry[] {
    return this.users.flatMap(({ sessions }) => sessions);
  }
}
