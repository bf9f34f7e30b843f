// Listening, with errors a person can act on.

import { chmodSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/**
 * Listens on a port and gives the URL that reaches it. `share`: other processes that share may listen there too,
 * and the kernel spreads the connections.
 * @throws {Error} one line that names the setting.
 */
export async function listen(
  server: Server,
  host: string,
  port: number,
  setting: string,
  share = false,
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(explain(error, `${host}:${port}`, setting)),
    );
    server.listen({ host, port, reusePort: share }, resolve);
  });
  const address = server.address() as AddressInfo;
  const reachable =
    { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? (host.includes(':') ? `[${host}]` : host);
  return `http://${reachable}:${address.port}`;
}

/** Listens on a unix socket; one that a killed run left behind is taken over, a living one is not. */
export async function listenSocket(server: Server, path: string): Promise<string> {
  if (await isLeftBehind(path)) rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, path, 'GATEWAY_SOCKET')));
    server.listen(path, resolve);
  });
  // Whoever can connect is believed: the owner and his group (nginx' user), nobody else.
  chmodSync(path, 0o660);
  return path;
}

function isLeftBehind(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

function explain(error: NodeJS.ErrnoException, where: string, setting: string): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'is in use by another program: stop it or choose another',
    EACCES: 'may not be opened by this user: choose a port above 1023',
    EADDRNOTAVAIL: 'is no address of this machine: check HOST',
  };
  const reason = reasons[error.code ?? ''] ?? `cannot be listened on (${error.code ?? error.message})`;
  return new Error(`${setting}: ${where} ${reason}`, { cause: error });
}
