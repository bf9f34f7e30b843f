// The frame of both launchers: signals, one line for each failure, an orderly end in reverse order of starting.
// npm hands the terminal's Ctrl-C on to us a second time within milliseconds; only a later one means "force".

import { SettingError } from '@pi-gateway/env/settings.ts';
import { LaunchError } from './launch-error.ts';

export type Launch = {
  /** `stop` runs when the launcher ends; the last one told runs first. */
  readonly onEnd: (stop: () => unknown) => void;
  /** Ends everything with exit code 1 because of `error`. */
  readonly fail: (error: unknown) => void;
};

const echoMs = 500;

/** The one line a person gets. Nothing but our own errors is sure to be a sentence. */
function lineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [line = 'unknown error'] = text.split('\n').filter((candidate) => candidate.trim() !== '');
  return error instanceof LaunchError || error instanceof SettingError ? line : `cannot go on: ${line}`;
}

/** Runs `start`, then waits for a signal; never returns before the process is to end. */
export async function runLauncher(start: (launch: Launch) => Promise<void>): Promise<void> {
  const stops: (() => unknown)[] = [];
  let firstSignalMs: number | undefined;
  let ending: Promise<void> | undefined;

  async function runStops(): Promise<void> {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) {
      await Promise.resolve()
        .then(stop)
        .catch((error: unknown) => process.stderr.write(`pi-gateway: while stopping: ${lineOf(error)}\n`));
    }
  }
  // What is still being started has a guard that stops it when this process has ended.
  function end(code: number): void {
    ending ??= runStops().finally(() => process.exit(code));
  }
  function fail(error: unknown): void {
    if (ending !== undefined) return;
    process.stderr.write(`pi-gateway: ${lineOf(error)}\n`);
    if (process.env.LOG_LEVEL === 'debug') console.error(error);
    end(1);
  }
  function onSignal(): void {
    const nowMs = performance.now();
    if (firstSignalMs !== undefined && nowMs - firstSignalMs > echoMs) process.exit(130);
    firstSignalMs ??= nowMs;
    end(0);
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    await start({ onEnd: (stop) => void stops.push(stop), fail });
  } catch (error) {
    fail(error);
  }
  await ending;
}
