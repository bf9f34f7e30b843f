// What a login and a registration cost beside their password hash. The same hash function with the same parameters, alone
// in a process of its own, takes turns with them in short windows, both with enough at once to keep every core busy. At
// OWASP's least (19 MiB, 2 passes) and at RFC 9106's second recommendation (section 4: 64 MiB, 3 passes).

import { availableParallelism } from 'node:os';
import { hash } from '@node-rs/argon2';
import { openDatabase } from '@pi-gateway/auth/db/database.ts';
import { insertUsers } from '@pi-gateway/auth/store/users-in-bulk.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { measureProcessTree } from '../../tools/process-memory.ts';
import { type BenchAuth, withAuth } from '../harness/auth.ts';
import { benchPassword } from '../harness/bench-password.ts';
import { median } from '../harness/measure.ts';
import type { Row, RowResult } from '../harness/row.ts';
import { measureWindow } from '../harness/window.ts';

const cores = availableParallelism();
const atOnce = 4 * cores;
const rounds = 5;
const seconds = 4;

const least = { name: '19 MiB, 2 passes', memoryKib: 19_456, passes: 2 };
const strong = { name: '64 MiB, 3 passes', memoryKib: 65_536, passes: 3 };
type Parameters = typeof least;

type Kind = 'login' | 'register';
const bareOf = { login: 'verify', register: 'hash' } as const;

const rowOf = (kind: Kind, question: string, all: readonly Parameters[], bound?: number): Row => ({
  id: kind,
  question,
  programs: [],
  async run() {
    const lines: RowResult['lines'][number][] = [];
    const shares: { readonly name: string; readonly share: number }[] = [];
    for (const parameters of all) {
      const { bare, http, megabytes } = await measure(kind, parameters);
      const { name } = parameters;
      lines.push(
        {
          subject: `argon2id alone, ${name}`,
          'a second': bare,
          '× argon2id': 1,
          'auth memory MB': undefined,
        },
        {
          subject: `POST /auth/${kind}, ${name}`,
          'a second': http,
          '× argon2id': http / bare,
          'auth memory MB': megabytes,
        },
      );
      shares.push({ name, share: http / bare });
    }
    if (bound === undefined) return { lines };
    const goals = shares.map(({ name, share }) => ({
      name: `${kind}s over bare argon2id, ${name}`,
      value: share,
      unit: '×',
      bound,
      isFloor: true,
    }));
    return { lines, goals };
  },
});

export const loginRow = rowOf('login', 'What does a login cost beside its hash?', [least, strong], 0.95);
export const registerRow = rowOf('register', 'What does a registration cost beside its hash?', [least]);

function measure(kind: Kind, parameters: Parameters) {
  const { memoryKib, passes } = parameters;
  const env = {
    PASSWORD_HASH_MEMORY_KIB: String(memoryKib),
    PASSWORD_HASH_PASSES: String(passes),
  };
  return withAuth({ env }, async (auth) => {
    const { port } = auth;
    const emails = kind === 'login' ? await makeAccounts(auth, parameters) : [];
    const rates = { bare: [] as number[], http: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      rates.bare.push(await measureWindow({ kind: bareOf[kind], atOnce: cores, memoryKib, passes, seconds }));
      rates.http.push(
        await measureWindow(
          kind === 'login' ? { kind, atOnce, port, emails, seconds } : { kind, atOnce, port, seconds },
        ),
      );
    }
    const megabytes = measureProcessTree(auth.pid).reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
    return { bare: median(rates.bare), http: median(rates.http), megabytes };
  });
}

async function makeAccounts(
  { databaseUrl }: BenchAuth,
  { memoryKib, passes }: Parameters,
): Promise<string[]> {
  const db = openDatabase({
    url: databaseUrl,
    poolMax: 1,
    log: createLog({ service: 'bench', level: 'silent' }),
  });
  const passwordHash = await hash(benchPassword, { memoryCost: memoryKib, timeCost: passes, parallelism: 1 });
  const emails = Array.from({ length: atOnce }, (_, i) => `user${i}@example.com`);
  const unknown = { id: undefined, createdAt: undefined, lastLoginAt: undefined };
  await insertUsers(
    db,
    emails.map((email) => ({ ...unknown, email, passwordHash, role: 'user' as const, isDisabled: false })),
  );
  await db.close();
  return emails;
}
