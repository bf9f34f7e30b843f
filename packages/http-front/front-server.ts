// The one HTTP server under both services: `node:http` made strict. Whatever two readers could understand in two
// ways is refused as problem+json, the connection ends behind it, and nothing pipelined behind is handled.
// Fastify: pass it by `serverFactory`, and `clientErrorHandler: () => {}`, for parser errors are answered here.
// A body that turns out malformed while a handler waits for it is answered here too: the handler then sees `close`
// on the response and `writableEnded`.

import { type IncomingMessage, Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from '@pi-gateway/log/log.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { ProblemCode } from '@pi-gateway/problem/problems.ts';
import { checkHead, type HeadLimits, type Refusal, readTarget } from './check-head.ts';
import { closeLingering } from './close-lingering.ts';
import { connectionOf } from './connection.ts';
import { judgeParserError, type ParserError } from './parser-error.ts';
import { refuse, refuseSocket } from './refuse.ts';
import { hasUnreadBody } from './unread-body.ts';

export type FrontOptions = {
  readonly log: Log;
  /** Makes the id of an answer given here; handlers make their own. */
  readonly requestId: () => string;
  readonly maxHeaderBytes?: number;
  readonly maxHeaderLines?: number;
  readonly maxUrlBytes?: number;
  /** From the first byte (or the accepted connection) to the end of the head; then the connection is cut. */
  readonly headersTimeoutMs: number;
  /** From the first byte to the end of the body; 0: the caller bounds. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How long a client may leave an answer unread without taking a byte; then the connection is cut. */
  readonly stallTimeoutMs?: number;
  /** Connections over this number are closed at once. */
  readonly maxConnections?: number;
  /** The handler reads a body only where one is announced: a request without one then costs no stream, and its `end` and `close` never come. */
  readonly skipsEmptyBodies?: boolean;
  /** Further fields of the answers given here. */
  readonly refusalFields?: (code: ProblemCode) => Readonly<Record<string, string>>;
};

export type RequestHandler = (req: IncomingMessage, res: ServerResponse) => void;
export type UpgradeHandler = (req: IncomingMessage, socket: Socket, head: Buffer) => void;

const drainIntervalMs = 50;
const ignore = (): void => {};

/** Whoever closes right when a request comes on a kept connection fails it: what is in use is used within this. */
const keptWhileClosingMs = 500;

/**
 * Closing drains: every answer from then on is the last on its connection, and kept connections that nobody uses
 * are closed after a moment. The caller bounds it by closeAllConnections.
 */
class FrontServer extends Server {
  readonly #connections = new Set<Socket>();
  #keepsIdleUntilMs = 0;

  constructor(options: ServerOptions) {
    super(options);
    this.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
    });
  }

  override close(callback?: (error?: Error) => void): this {
    if (this.listening) {
      this.#keepsIdleUntilMs = performance.now() + keptWhileClosingMs;
      const timer = setInterval(() => this.closeIdleConnections(), drainIntervalMs).unref();
      this.once('close', () => clearInterval(timer));
      for (const socket of this.#connections) {
        const { pending } = connectionOf(socket);
        if (pending !== undefined) pending.shouldKeepAlive = false;
      }
    }
    return super.close(callback);
  }

  override closeIdleConnections(): void {
    if (performance.now() >= this.#keepsIdleUntilMs) super.closeIdleConnections();
  }

  /** Node lets go of upgraded connections, yet waits for them when it closes: these too. */
  override closeAllConnections(): void {
    super.closeAllConnections();
    for (const socket of this.#connections) socket.destroy();
  }
}

/** Static, so that no request pays for a closure. A body that nobody waits for any more ends the connection. */
function forgetResponse(this: ServerResponse): void {
  const connection = connectionOf(this.req.socket);
  if (connection.pending !== this) return;
  connection.pending = undefined;
  if (this.req.complete) return;
  connection.isClosing = true;
  closeLingering(this.req.socket);
}

// No byte moved for a while: a kept connection that nobody uses, or a client that doesn't read, is cut. While the
// handler is silent the connection stays: how long a service may think is not known here.
function cutIdle(socket: Socket): void {
  if (connectionOf(socket).pending === undefined || socket.writableLength > 0) socket.destroy();
}

// RTSP/1.0 looks like HTTP/1.0 once parsed; the bytes just read tell, when the line is still among them.
function isRtsp(req: IncomingMessage): boolean {
  const { parser } = req.socket as Socket & { parser?: { getCurrentBuffer?: () => Buffer | undefined } };
  return parser?.getCurrentBuffer?.()?.includes(`${req.method} ${req.url} RTSP/`, 0, 'latin1') ?? false;
}

const rtspRefusal: Refusal = {
  code: 'http_version_not_supported',
  detail: 'Only HTTP/1.0 and HTTP/1.1 are spoken here.',
};
const targetRefusal: Refusal = {
  code: 'malformed_request',
  detail: 'The request target is malformed or names another host than the Host header.',
};

function serverOptions(options: FrontOptions, limits: HeadLimits): ServerOptions {
  return {
    // The parser counts line and headers in one; enough room to tell 414 from 431 by our own count.
    maxHeaderSize: limits.maxHeaderBytes + limits.maxUrlBytes * 2,
    requireHostHeader: false, // Node's own 400 is empty and goes on with what is pipelined behind
    headersTimeout: options.headersTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    optimizeEmptyRequests: options.skipsEmptyBodies ?? false,
    connectionsCheckingInterval: Math.max(20, Math.min(1000, Math.floor(options.headersTimeoutMs / 4))),
  };
}

/** A server that hands on only sound requests. Without `onUpgrade` the Upgrade header is ignored (RFC 9110 section 7.8). */
export function createFrontServer(
  options: FrontOptions,
  onRequest: RequestHandler,
  onUpgrade?: UpgradeHandler,
): Server {
  const limits: HeadLimits = {
    maxHeaderBytes: options.maxHeaderBytes ?? 16_384,
    maxHeaderLines: options.maxHeaderLines ?? 100,
    maxUrlBytes: options.maxUrlBytes ?? 8192,
  };

  function report(socket: Duplex, refusal: Refusal): { error: AppError; requestId: string } {
    const requestId = options.requestId();
    const { code, detail } = refusal;
    const { remoteAddress } = socket as Socket;
    options.log.info({ code, detail, request_id: requestId, peer: remoteAddress }, 'request refused');
    const headers = options.refusalFields?.(code) ?? {};
    return { error: new AppError(code, { detail, headers }), requestId };
  }

  function judge(req: IncomingMessage): Refusal | undefined {
    const refusal = checkHead(req, limits);
    if (refusal !== undefined) return refusal;
    if (req.httpVersionMinor === 0 && isRtsp(req)) return rtspRefusal;
    const target = readTarget(req.url!, req.headers.host);
    if (target === undefined) return targetRefusal;
    req.url = target;
    return undefined;
  }

  function handle(req: IncomingMessage, res: ServerResponse): void {
    const connection = connectionOf(req.socket);
    if (connection.isClosing) return; // pipelined behind the last answer: dropped with the socket
    connection.pending = res;
    res.on('close', forgetResponse);
    const refusal = judge(req);
    if (refusal !== undefined) {
      connection.isClosing = true;
      const { error, requestId } = report(req.socket, refusal);
      refuse(req, res, error, requestId);
      return;
    }
    if (connection.isUpgradeDeclined || (req.headers.expect !== undefined && !hasUnreadBody(req))) {
      // Nothing may follow: Node loses what came in one packet with a declined upgrade, and it closes behind the
      // answer to an expectation that nobody met, for there is no body to ask for.
      connection.isClosing = true;
      res.shouldKeepAlive = false;
    } else if (!server.listening) {
      res.shouldKeepAlive = false;
    }
    onRequest(req, res);
  }

  function shouldUpgrade(req: IncomingMessage): boolean {
    const connection = connectionOf(req.socket);
    const isWanted =
      onUpgrade !== undefined &&
      !connection.isClosing &&
      connection.pending === undefined && // the tunnel would write between the answers still to come
      req.method === 'GET' &&
      req.httpVersionMinor === 1 &&
      req.headers.upgrade?.toLowerCase() === 'websocket' &&
      req.headers['transfer-encoding'] === undefined &&
      Number(req.headers['content-length'] ?? 0) === 0 &&
      judge(req) === undefined;
    connection.isUpgradeDeclined = !isWanted;
    return isWanted;
  }

  function onParserError(error: ParserError, socket: Socket): void {
    const connection = connectionOf(socket);
    const verdict = judgeParserError(error);
    if (verdict.kind === 'drop') {
      socket.destroy();
      return;
    }
    if (connection.isClosing) return;
    connection.isClosing = true;
    if (verdict.kind === 'ignore') return;
    const { pending } = connection;
    if (pending?.req.complete === false && pending.writableEnded) return; // answered: only the rest of its body is broken
    const { error: problem, requestId } = report(socket, verdict.refusal);
    if (pending === undefined) {
      refuseSocket(socket, problem, requestId);
    } else if (pending.req.complete) {
      pending.once('close', () => refuseSocket(socket, problem, requestId));
    } else if (pending.socket === null) {
      // Its body is broken, but earlier answers go out first.
      pending.once('socket', () => refuse(pending.req, pending, problem, requestId));
    } else {
      refuse(pending.req, pending, problem, requestId);
    }
  }

  const server: Server = new FrontServer({
    ...serverOptions(options, limits),
    shouldUpgradeCallback: shouldUpgrade,
  });
  server.maxHeadersCount = 0; // over the limit Node drops lines silently; counted in checkHead instead
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;
  server.setTimeout(options.stallTimeoutMs ?? 60_000, cutIdle);
  server.on('connection', (socket) => {
    socket.destroySoon = () => closeLingering(socket); // what Node calls after the last answer
  });
  server.on('request', handle);
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  server.on('clientError', (error: ParserError, socket) => onParserError(error, socket as Socket));
  server.on('connect', (_req, stream) => {
    const socket = stream as Socket;
    socket.on('error', ignore);
    const { pending, isClosing } = connectionOf(socket);
    if (isClosing) return;
    const { error, requestId } = report(socket, {
      code: 'not_implemented',
      detail: 'CONNECT is not implemented.',
    });
    if (pending === undefined) refuseSocket(socket, error, requestId);
    else pending.once('close', () => refuseSocket(socket, error, requestId));
  });
  if (onUpgrade !== undefined) {
    server.on('upgrade', (req, stream, head) => {
      Reflect.deleteProperty(stream, 'destroySoon');
      stream.on('error', ignore); // Node took its own listener away; the handler learns of it by `close`
      onUpgrade(req, stream as Socket, head);
    });
  }
  return server;
}
