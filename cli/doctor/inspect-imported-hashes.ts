// Password hashes that are not of today's parameters: as long as any account has one of a class, every login pays for
// that class (docs/decisions/0010). Named with their accounts and with what they cost on this machine.

import { findScheme } from '@pi-gateway/auth/crypto/foreign/find-scheme.ts';
import { ownPasswordClass } from '@pi-gateway/auth/crypto/password-hash.ts';
import { countPasswordClasses } from '@pi-gateway/auth/store/credentials.ts';
import { describeFailure } from '../cli-error.ts';
import type { Io } from '../io.ts';
import { withDatabase } from '../with-database.ts';
import type { Finding } from './finding.ts';

const rounds = 3;

export async function inspectImportedHashes(io: Io): Promise<Finding[]> {
  const part = 'imported hashes';
  try {
    const { counts, ownClass } = await withDatabase(io, async (db, settings) => ({
      counts: await countPasswordClasses(db),
      ownClass: ownPasswordClass({
        memoryKib: settings.passwordHashMemoryKib,
        passes: settings.passwordHashPasses,
      }),
    }));
    const others = counts.filter(({ passwordClass }) => passwordClass !== ownClass);
    if (others.length === 0) return [{ part, state: 'ok', detail: "none: all are of today's parameters" }];
    const findings: Finding[] = [];
    for (const { passwordClass, accounts } of others)
      findings.push(await inspectClass(passwordClass, accounts));
    return findings;
  } catch (error) {
    return [{ part, state: 'fail', detail: describeFailure(error).message }];
  }
}

async function inspectClass(passwordClass: string, accounts: number): Promise<Finding> {
  const part = `imported hashes ${passwordClass}`;
  const whose = accounts === 1 ? 'one account' : `${accounts} accounts`;
  const costMs = await measureClass(passwordClass);
  if (costMs === undefined) {
    const detail = `${whose}, and no login: this version does not know the kind`;
    return { part, state: 'warn', detail, figures: { class: passwordClass, accounts } };
  }
  const detail = `${whose} with no login since the import, or since the parameters changed; until the last one has signed in every login takes ${costMs.toFixed(1)} ms more`;
  const figures = { class: passwordClass, accounts, ms_a_login: Math.round(costMs * 10) / 10 };
  return { part, state: 'warn', detail, figures };
}

/** What every login does for the class; undefined when no scheme knows it. */
async function measureClass(passwordClass: string): Promise<number | undefined> {
  const scheme = findScheme(passwordClass);
  if (scheme === undefined) return undefined;
  const decoy = scheme.makeDecoy(passwordClass);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    await scheme.verify(decoy, 'measured by pi doctor');
    times.push(performance.now() - startMs);
  }
  return Math.min(...times);
}
