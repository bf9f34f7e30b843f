// Opens connections to one target: TCP, TLS or a unix socket, bounded in time to the end of the TLS handshake.
// Transports and health checks share it, so that a check never takes another way than a request does.

import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ClientTls } from './client-tls.ts';
import type { Place } from './place.ts';

export type ConnectorOptions = {
  readonly place: Place;
  /** Where its name leads; undefined: it is looked up for each connection. */
  readonly address?: string | undefined;
  /** For `https:` places. */
  readonly tls?: ClientTls | undefined;
  readonly connectMs: number;
};

export type Connected = (...outcome: [error: Error, socket: null] | [error: null, socket: Socket]) => void;

const keepAliveProbeMs = 30_000;
const highWaterMark = 64 * 1024;

export class Connector {
  readonly isTls: boolean;
  /** What requests call the target. */
  readonly authority: string;
  readonly #options: ConnectorOptions;

  constructor(options: ConnectorOptions) {
    const { place } = options;
    this.isTls = place.kind === 'tcp' && place.isTls;
    this.authority = place.kind === 'tcp' ? place.authority : 'localhost';
    this.#options = options;
  }

  /**
   * `protocol` is what TLS has to agree on (ALPN). Exactly one call of `connected`, never before this returns.
   * `onread`: where the socket's bytes go, past its stream.
   */
  connect(protocol: 'http/1.1' | 'h2', connected: Connected, onread?: OnReadOpts): void {
    const { connectMs } = this.#options;
    const socket = this.#begin(protocol, onread);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveProbeMs);
    const timer = setTimeout(() => socket.destroy(connectError('CONNECT_TIMEOUT')), connectMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      connected(error, null);
    };
    socket.once('error', fail);
    socket.once(this.isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      // A server that knows no ALPN speaks HTTP/1.1.
      const agreed = this.isTls ? (socket as TLSSocket).alpnProtocol || 'http/1.1' : protocol;
      if (agreed === protocol) return connected(null, socket);
      socket.on('error', () => {}).destroy();
      connected(connectError('OTHER_PROTOCOL'), null);
    });
  }

  #begin(protocol: string, onread: OnReadOpts | undefined): Socket {
    const { place, address, tls } = this.#options;
    const reading = { highWaterMark, ...(onread === undefined ? {} : { onread }) };
    if (place.kind === 'unix') return connectTcp({ ...reading, path: place.path });
    const { host, port } = place;
    const to = { ...reading, host: address ?? host, port, autoSelectFamily: true };
    if (!place.isTls) return connectTcp(to);
    // An address is no server name (RFC 6066 section 3); without one, Node checks it against the certificate itself.
    const servername = tls!.serverName ?? (isIP(host) === 0 ? host : '');
    return connectTls({
      ...to,
      servername,
      ALPNProtocols: [protocol],
      secureContext: tls!.context(),
      // Said here, so that no environment variable can switch it off.
      rejectUnauthorized: true,
    });
  }
}

function connectError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
