// Ports are settled before anything starts: an occupied one is told at once, with the setting to change, and
// `0` becomes a free one that every part then knows.

import type { RequestOptions } from 'node:http';
import { createServer } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import { LaunchError } from './launch-error.ts';

export type WantedPort = { readonly setting: string; readonly port: number | 'off' };

type Tried = { readonly port: number } | { readonly code: string };

function tryPort(host: string, port: number): Promise<Tried> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ code: error.code ?? 'error' }));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve({ port: typeof address === 'object' && address ? address.port : port }));
    });
  });
}

const reasons: Readonly<Record<string, (host: string, wanted: WantedPort) => string>> = {
  EADDRINUSE: (host, { setting, port }) =>
    `${setting}: port ${port} on ${host} is in use: stop the program that listens there, or set ${setting} to another port.`,
  EACCES: (host, { setting, port }) =>
    `${setting}: port ${port} on ${host} may not be opened by this account: set ${setting} to a port from 1024 up.`,
  EADDRNOTAVAIL: (host) => `HOST: ${host} is no address of this machine: set HOST to one that is.`,
  ENOTFOUND: (host) => `HOST: ${host} cannot be resolved: set HOST to an address of this machine.`,
};

/**
 * Tries each port on `host`. The answer is what to add to the environment: `{ AUTH_PORT: '8000', … }`.
 * @throws {LaunchError} naming the first port that cannot be had, or is wanted twice.
 */
export async function settlePorts(
  host: string,
  wanted: readonly WantedPort[],
): Promise<Record<string, string>> {
  const settled: Record<string, string> = {};
  for (const one of wanted) {
    const { setting, port } = one;
    const other = Object.keys(settled).find((name) => port !== 0 && settled[name] === String(port));
    if (port !== 'off' && other !== undefined) {
      throw new LaunchError(`${setting}: port ${port} is ${other} already: set one of them to another port.`);
    }
    const tried = port === 'off' ? { port } : await tryPort(host, port);
    if ('code' in tried) {
      const reason = reasons[tried.code]?.(host, one);
      throw new LaunchError(reason ?? `${setting}: port ${port} on ${host}: ${tried.code}.`);
    }
    settled[setting] = String(tried.port);
  }
  return settled;
}

/** The origin at which this machine itself reaches a service that listens on `host`. */
export function localOrigin(host: string, port: string | number): string {
  const local = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${local.includes(':') ? `[${local}]` : local}:${port}`;
}

/** The same as `node:http` wants it: an IPv6 address without its brackets. */
export function localRequest(host: string, port: string | number): RequestOptions {
  return urlToHttpOptions(new URL(localOrigin(host, port)));
}
