// One window of load by wrk, in a process of its own on a core of its own.

import { join } from 'node:path';
import { otherCores, runProgram } from './processes.ts';

export type Load = {
  readonly origin: string;
  readonly path: string;
  readonly method?: string;
  readonly bodyBytes?: number;
  /** A file of bearer tokens, one a line. */
  readonly tokens?: string | undefined;
  /** Each token once, one after the other, rather than drawn. */
  readonly isEachOnce?: boolean;
  readonly connections: number;
  readonly seconds: number;
  /** A bound on the load; without it as much as is answered. */
  readonly perSecond?: number;
};

export type LoadResult = {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const script = join(import.meta.dirname, 'load.lua');

/** @throws {Error} when anything was answered other than 2xx, or not at all. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const { origin, path, connections, seconds, perSecond } = load;
  const pauseMs = perSecond === undefined ? 0 : (connections * 1000) / perSecond;
  const own = [
    load.method ?? 'GET',
    path,
    String(load.bodyBytes ?? 0),
    load.tokens ?? '-',
    load.isEachOnce === true ? 'once' : 'drawn',
    pauseMs.toFixed(3),
  ];
  const wrk = ['wrk', '-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s'];
  const command = [...wrk, '-s', script, origin, '--', ...own];
  const [program = '', ...args] =
    process.platform === 'linux' ? ['taskset', '-c', otherCores, ...command] : command;
  return readResult(await runProgram(program, args), origin);
}

/** What the scripts say at the end. @throws {Error} when an answer was not good, or there was none. */
export function readResult(stdout: string, origin: string): LoadResult {
  const [requests = 0, micros = 0, p50 = 0, p99 = 0, errors = 0] = (
    /^RESULT (.*)$/m.exec(stdout)?.[1]?.split(' ') ?? []
  ).map(Number);
  if (!(requests > 0) || errors > 0) throw new Error(`not every answer of ${origin} was good:\n${stdout}`);
  return { requests, perSecond: (requests * 1e6) / micros, p50Ms: p50 / 1000, p99Ms: p99 / 1000 };
}
