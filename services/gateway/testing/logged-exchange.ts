// For tests: the line of the access log that belongs to an answer.

import { readFileSync } from 'node:fs';
import type { Answer } from '@pi-gateway/http-front/raw-exchange.ts';
import type { AccessEntry } from '../observe/access-line.ts';
import { until } from './start-test-gateway.ts';

export function loggedExchange(accessLogPath: string, { headers }: Answer): Promise<AccessEntry> {
  const id = headers['x-request-id']!;
  return until('the line of the access log', () => {
    const lines = readFileSync(accessLogPath, 'utf8').split('\n');
    const line = lines.find((text) => text.includes(id));
    return line === undefined ? undefined : (JSON.parse(line) as AccessEntry);
  });
}
