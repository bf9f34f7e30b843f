// What the gateway shows and believes on TLS connections to one service. Certificates are always verified; there
// is no switch. Files that were renewed are taken up by the next connection; one that cannot be read then (it may
// be half written) leaves the last good ones in force.

import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';

export type TlsFiles = {
  /** Who may sign the service's certificate, instead of the well-known authorities. */
  readonly caFile: string | undefined;
  /** The name in the service's certificate, where it is not the target's host. */
  readonly serverName: string | undefined;
  readonly clientCertFile: string | undefined;
  readonly clientKeyFile: string | undefined;
};

export const noTlsFiles: TlsFiles = Object.freeze({
  caFile: undefined,
  serverName: undefined,
  clientCertFile: undefined,
  clientKeyFile: undefined,
});

/** How long a change may go unseen. */
const lookMs = 1000;

export class ClientTls {
  readonly serverName: string | undefined;
  readonly #files: TlsFiles;
  readonly #onStale: (error: unknown) => void;
  #context: SecureContext;
  #version: string;
  #lookedMs: number;

  /** @throws {Error} when a file cannot be read or holds something else. `onStale`: a renewed one could not be used. */
  constructor(files: TlsFiles, onStale: (error: unknown) => void, nowMs = performance.now()) {
    this.serverName = files.serverName;
    this.#files = files;
    this.#onStale = onStale;
    this.#version = versionOf(files);
    this.#context = readContext(files);
    this.#lookedMs = nowMs;
  }

  /** The same one until a file changes. */
  context(nowMs = performance.now()): SecureContext {
    if (nowMs - this.#lookedMs < lookMs) return this.#context;
    this.#lookedMs = nowMs;
    try {
      const version = versionOf(this.#files);
      if (version !== this.#version) {
        this.#context = readContext(this.#files);
        this.#version = version;
      }
    } catch (error) {
      this.#onStale(error);
    }
    return this.#context;
  }
}

/** Whether it is one or more whole certificates in PEM; Node itself passes over what it cannot read. */
export function holdsCertificates(content: Buffer): boolean {
  const text = content.toString('latin1');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    const parsed = blocks.map((block) => new X509Certificate(block));
    return parsed.length > 0 && parsed.length === text.split('-----BEGIN').length - 1;
  } catch {
    return false;
  }
}

/** @throws {Error} when key and certificate do not belong together, or one is none. */
function readContext({ caFile, clientCertFile, clientKeyFile }: TlsFiles): SecureContext {
  const ca = caFile === undefined ? undefined : readFileSync(caFile);
  if (ca !== undefined && !holdsCertificates(ca)) throw new Error(`${caFile} holds no certificate in PEM`);
  return createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertFile === undefined ? {} : { cert: readFileSync(clientCertFile) }),
    ...(clientKeyFile === undefined ? {} : { key: readFileSync(clientKeyFile) }),
  });
}

function versionOf({ caFile, clientCertFile, clientKeyFile }: TlsFiles): string {
  return [caFile, clientCertFile, clientKeyFile]
    .map((path) => {
      if (path === undefined) return '';
      const { mtimeMs, size, ino } = statSync(path);
      return `${mtimeMs} ${size} ${ino}`;
    })
    .join();
}
