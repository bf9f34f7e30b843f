// One window of load by wrk, in a process of its own.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export type Load = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
};

export type LoadResult = { readonly requests: number; readonly perSecond: number };

/** @throws {Error} when wrk is missing, or anything was answered other than 2xx or not at all. */
export async function runWrk({ url, headers, connections, seconds }: Load): Promise<LoadResult> {
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const options = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, ...lines, url];
  const { stdout } = await promisify(execFile)('wrk', options);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`not every answer was good:\n${stdout}`);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(requests > 0)) throw new Error(`wrk said nothing of use:\n${stdout}`);
  return { requests, perSecond };
}
