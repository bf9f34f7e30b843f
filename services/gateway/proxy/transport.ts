// The way to one target. The pipeline knows only this; our own client stands behind it, or undici. Header lists are
// flat: name, value, name, value …, as they stood on the wire, latin1.

import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { UpstreamFailure } from './upstream-error.ts';

export type UpstreamRequest = {
  readonly method: string;
  /** Path and query as they go on the wire. */
  readonly path: string;
  /** Without host, connection, upgrade and transfer-encoding: the transport writes these. */
  readonly headers: string[];
  /** undefined: no body. It is read only once a connection is there. */
  readonly body: Readable | undefined;
  /** Asks for a WebSocket. */
  readonly upgrade: boolean;
};

/** What comes back. Exactly one of `onEnd`, `onUpgrade` and `onFailure` is called, at the very end. */
export interface AnswerSink {
  /** A 1xx answer other than 101. */
  onInformation(status: number, headers: readonly string[]): void;
  onHead(status: number, headers: readonly string[], statusText: string): void;
  onData(chunk: Buffer): void;
  /** No more of it is there for now: what waited for company goes out. Comes behind a head or data, never at the end. */
  onQuiet(): void;
  onEnd(trailers: readonly string[]): void;
  /** A 101 to an upgrade: the socket is the sink's from here. */
  onUpgrade(headers: readonly string[], socket: Socket): void;
  onFailure(failure: UpstreamFailure): void;
}

export interface UpstreamCall {
  /** Ends the exchange; the sink hears nothing more. */
  abort(): void;
  /** Holds the answer's body back at its source. */
  pause(): void;
  resume(): void;
}

/** One that nobody uses any more holds nothing: its connections close by themselves once they are idle. */
export interface Transport {
  send(request: UpstreamRequest, sink: AnswerSink): UpstreamCall;
  /** Ends all connections, those with calls under way too. */
  destroy(): Promise<void>;
}
