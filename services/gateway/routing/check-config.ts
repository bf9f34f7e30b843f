// `pi gateway check`: judges a gateway.yaml exactly as a start or a reload would, without starting anything.

import { readFileSync } from 'node:fs';
import { formatProblem } from './config-problem.ts';
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
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    return { kind: 'invalid', errors: [`${path}:1:1: cannot be read (${code})`] };
  }
  const authUrl = env['AUTH_URL'] || `http://127.0.0.1:${env['AUTH_PORT'] || '8000'}`;
  const loaded = loadConfig(text, { ...env, AUTH_URL: authUrl }, (file) => readFileSync(file));
  if (loaded.kind === 'config') return { kind: 'valid', config: loaded.config };
  return { kind: 'invalid', errors: loaded.problems.map((problem) => formatProblem(path, problem)) };
}
