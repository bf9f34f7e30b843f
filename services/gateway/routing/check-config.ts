// `pi gateway check`: judges a gateway.yaml exactly as a start or a reload would, without starting anything.

import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { type ConfigProblem, formatProblem } from './config-problem.ts';
import { loadConfig } from './load-config.ts';
import type { RoutingConfig } from './route.ts';

export type CheckedConfig =
  | { readonly kind: 'valid'; readonly config: RoutingConfig }
  /** One line each: `file:line:column: what is wrong`. */
  | { readonly kind: 'invalid'; readonly errors: readonly string[] };

/** `env` is what `${NAME}` means; AUTH_URL falls back to the auth service on this machine as at a start. */
export function checkGatewayConfig(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): CheckedConfig {
  let text: string;
  try {
    const bytes = readFileSync(path);
    text = bytes.toString('utf8');
    if (!isUtf8(bytes)) return { kind: 'invalid', errors: [formatProblem(path, firstBroken(text))] };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    return { kind: 'invalid', errors: [`${path}:1:1: cannot be read (${code})`] };
  }
  const authUrl = env['AUTH_URL'] || `http://127.0.0.1:${env['AUTH_PORT'] || '8000'}`;
  const loaded = loadConfig(text, { ...env, AUTH_URL: authUrl }, (file) => readFileSync(file));
  if (loaded.kind === 'config') return { kind: 'valid', config: loaded.config };
  return { kind: 'invalid', errors: loaded.problems.map((problem) => formatProblem(path, problem)) };
}

/** Where the first bytes stand that are no UTF-8: each was read as U+FFFD. */
function firstBroken(text: string): ConfigProblem {
  const before = text.slice(0, text.indexOf('\uFFFD')).split('\n');
  return {
    line: before.length,
    column: before.at(-1)!.length + 1,
    message: 'the file is not UTF-8 from here on',
  };
}
