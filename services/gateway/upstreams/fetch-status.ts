// The status a URL answers with, and nothing else of it.

import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';

/** undefined when no answer came within `limitMs`. Redirects are not followed. */
export function fetchStatus(url: string, limitMs: number): Promise<number | undefined> {
  const get = url.startsWith('https:') ? getHttps : getHttp;
  return new Promise((resolve) => {
    const asked = get(url, { agent: false, signal: AbortSignal.timeout(limitMs) }, (answer) => {
      resolve(answer.statusCode);
      answer.destroy();
    });
    asked.on('error', () => resolve(undefined));
  });
}
