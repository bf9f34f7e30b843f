// One window of load at auth by wrk: each connection in a thread of its own, with tokens of its own.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LoadResult, readResult } from './load.ts';
import { runProgram } from './processes.ts';

export type AuthLoad = {
  readonly origin: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** How the token goes: as a bearer, in a JSON body, in a form. */
  readonly form: 'bearer' | 'json' | 'form';
  /** Of each connection; one after the other, again from the first when there are no more. */
  readonly tokens: readonly (readonly string[])[];
  /** Each answer brings the token of the next request. */
  readonly isChain?: boolean;
  /** Authorization of a service. */
  readonly basic?: string;
  readonly folder: string;
  readonly seconds: number;
};

export type AuthLoadResult = LoadResult & { readonly lastTokens: readonly string[] };

const script = join(import.meta.dirname, 'auth-load.lua');

/** @throws {Error} when anything was answered other than 2xx, or not at all. */
export async function runAuthLoad(load: AuthLoad): Promise<AuthLoadResult> {
  const { origin, method, path, form, tokens, isChain = false, basic = '-', folder, seconds } = load;
  const prefix = join(folder, 'tokens-');
  for (const [at, lines] of tokens.entries()) writeFileSync(`${prefix}${at}`, `${lines.join('\n')}\n`);
  const count = String(tokens.length);
  const how = ['-t', count, '-c', count, '-d', `${seconds}s`, '--timeout', '10s', '-s', script, origin];
  const own = [method, path, form, prefix, isChain ? 'chain' : 'each', basic];
  const stdout = await runProgram('wrk', [...how, '--', ...own]);
  const lastTokens = [...stdout.matchAll(/^LAST (.*)$/gm)].map(([, token = '']) => token);
  return { ...readResult(stdout, origin), lastTokens };
}
