// What becomes of a delivery after an attempt, and of its endpoint. Pure; the caller draws the chance. Attempts spread
// over about a day: 5 s after the first, then three times as long each time, six hours at most.

export type WebhookAnswer =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds: number | undefined }
  /** A word for why there is no status. */
  | { readonly kind: 'none'; readonly failure: WebhookFailure };

export type WebhookFailure =
  | 'address_refused'
  | 'unknown_host'
  | 'unreachable'
  | 'tls'
  | 'timeout'
  | 'bad_answer'
  | 'event_gone'
  | 'secret_unreadable';

export type WebhookOutcome =
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'retry' | 'dead';
      readonly afterSeconds: number;
      readonly failure: string;
      /** The endpoint gets nothing more until somebody enables it. */
      readonly disable: 'gone' | 'failing' | undefined;
    };

export const attemptsMax = 12;
const firstRetrySeconds = 5;
const growth = 3;
const retrySecondsMax = 6 * 3600;
const retryAfterSecondsMax = 3600;
/** An endpoint of which nothing but failures came for so long is disabled. */
const failingSecondsMax = 3 * 86_400;

export type WebhookAttempt = {
  readonly answer: WebhookAnswer;
  /** This one included. */
  readonly attempts: number;
  /** Since the endpoint's first failure after its last success; 0 when this is the first. */
  readonly failingSeconds: number;
};

/** `chance`: evenly from 0 to 1, so that those who failed together do not come back together. */
export function decideWebhookOutcome(
  { answer, attempts, failingSeconds }: WebhookAttempt,
  chance: number,
): WebhookOutcome {
  if (answer.kind === 'status' && answer.status >= 200 && answer.status < 300) return { kind: 'delivered' };
  const isGone = answer.kind === 'status' && answer.status === 410;
  const waited = Math.min(firstRetrySeconds * growth ** (attempts - 1), retrySecondsMax);
  const asked = answer.kind === 'status' ? (answer.retryAfterSeconds ?? 0) : 0;
  // What is not there to be sent will not be there later.
  const isHopeless = answer.kind === 'none' && answer.failure === 'event_gone';
  return {
    kind: attempts >= attemptsMax || isHopeless ? 'dead' : 'retry',
    afterSeconds: Math.max(waited * (0.75 + chance / 2), Math.min(asked, retryAfterSecondsMax)),
    failure: answer.kind === 'status' ? `status_${answer.status}` : answer.failure,
    disable: isGone ? 'gone' : failingSeconds > failingSecondsMax ? 'failing' : undefined,
  };
}
