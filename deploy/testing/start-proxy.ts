// For tests: a proxy program from PATH with one of our sample configurations, its addresses replaced by the test's.
// It runs in a folder of its own and ends with the test; its guard ends it should the test process vanish.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findProgram } from '../../launch/find-program.ts';
import { guardChild } from '../../launch/guard-child.ts';
import { freePorts } from '../../tests/journeys/free-ports.ts';

export type ProxyOptions = {
  /** Debian's package has the same name. */
  readonly program: string;
  /**
   * The sample's files, that which is started first. Where they listen on port 8080, and name 127.0.0.1:8001 (the
   * gateway) or 127.0.0.1:9000 (the service), the test's addresses take their place.
   */
  readonly samples: readonly [string, ...string[]];
  readonly gateway: string;
  /** undefined: the sample reaches the gateway only. */
  readonly service?: string;
  /** Texts of the sample that are true of one machine only, and what stands for them here. */
  readonly replace?: (folder: string) => Readonly<Record<string, string>>;
  readonly args: (configPath: string, folder: string) => readonly string[];
};

export type RunningProxy = { readonly port: number; readonly folder: string; stop(): Promise<void> };

/** @throws when no sample holds one of the texts that are replaced, or the program does not listen within 10 s. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { program, samples, gateway, service } = options;
  const path = findProgram(program, program);
  const folder = mkdtempSync(join(tmpdir(), 'pi-proxy-'));
  chmodSync(folder, 0o755); // nginx' workers have another account
  const [port = 0] = await freePorts(1);
  const replaced = {
    ':8080': `:${port}`,
    '127.0.0.1:8001': new URL(gateway).host,
    ...(service === undefined ? {} : { '127.0.0.1:9000': new URL(service).host }),
    ...options.replace?.(folder),
  };
  const texts = samples.map((sample) => readFileSync(sample, 'utf8'));
  for (const text of Object.keys(replaced)) {
    assert.ok(
      texts.some((sample) => sample.includes(text)),
      `no sample holds ${text}`,
    );
  }
  for (const [index, sample] of samples.entries()) {
    let text = texts[index]!;
    for (const [from, to] of Object.entries(replaced)) text = text.replaceAll(from, to);
    writeFileSync(join(folder, basename(sample)), text);
  }
  const configPath = join(folder, basename(samples[0]));

  const child = spawn(path, options.args(configPath, folder), {
    cwd: folder,
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said = (said + chunk).slice(-4000)));
  const guard = guardChild(child.pid!, 'SIGTERM', folder);
  const ended = once(child, 'exit').then(() => guard.release());
  const deadlineMs = Date.now() + 10_000;
  while (!(await isOpen(port))) {
    assert.ok(Date.now() < deadlineMs && child.exitCode === null, `${program} did not start: ${said}`);
    await delay(20);
  }
  return {
    port,
    folder,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
