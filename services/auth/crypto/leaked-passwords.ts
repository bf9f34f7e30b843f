// Whether a password is among the leaked ones of a range service such as Have I Been Pwned. Only the first five
// digits of its SHA-1 leave the house, and the answer is padded, so that neither its letters nor its length tell
// which one was asked. Asked for new passwords only; when the service fails, the password is taken.

import { createHash } from 'node:crypto';
import type { Log } from '@pi-gateway/log/log.ts';

export type LeakCheck = 'clean' | 'leaked' | 'failed';

export type LeakedPasswords = {
  /** `failed` when the service did not answer in time, in form and in size; never rejects. */
  check(password: string): Promise<LeakCheck>;
};

// A padded answer has about a thousand lines of forty bytes.
const answerBytesMax = 262_144;
// A registration waits no longer for the range service.
const checkMs = 1500;

/**
 * Undefined when no range service is set.
 * @param config PASSWORD_HIBP_URL: the URL that the five digits are appended to.
 */
export function openLeakedPasswords(
  config: { readonly passwordHibpUrl: string | undefined },
  log: Log,
): LeakedPasswords | undefined {
  const { passwordHibpUrl: rangeUrl } = config;
  if (rangeUrl === undefined) return undefined;
  return {
    async check(password) {
      const digest = createHash('sha1').update(password).digest('hex').toUpperCase();
      try {
        const answer = await fetch(rangeUrl + digest.slice(0, 5), {
          headers: { 'add-padding': 'true', 'user-agent': 'pi-gateway' },
          redirect: 'error',
          signal: AbortSignal.timeout(checkMs),
        });
        if (answer.status !== 200) throw new Error(`the range service answered ${answer.status}`);
        return isListed(await readBounded(answer), digest.slice(5)) ? 'leaked' : 'clean';
      } catch (error) {
        // Not the cause: it may carry the URL, and with it the digits.
        log.warn({ reason: (error as Error).name }, 'a new password could not be checked for leaks');
        return 'failed';
      }
    },
  };
}

/** Lines are SUFFIX:COUNT; padding has a count of 0. */
function isListed(text: string, suffix: string): boolean {
  return text
    .split('\n')
    .some((line) => line.slice(0, 35).toUpperCase() === suffix && /^:0*[1-9]\d*\s*$/.test(line.slice(35)));
}

async function readBounded(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new Error('the range service answered too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}
