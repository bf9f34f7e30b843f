// For tests: takes an answer down, and can be waited for.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { AnswerSink } from '../../proxy/transport.ts';
import type { UpstreamFailure } from '../../proxy/upstream-error.ts';

export class RecordingSink implements AnswerSink {
  readonly informations: number[] = [];
  status: number | undefined;
  statusText: string | undefined;
  headers: readonly string[] = [];
  body = '';
  trailers: readonly string[] = [];
  /** How often nothing more came for now. */
  quiets = 0;
  failure: UpstreamFailure | undefined;
  upgraded: { readonly headers: readonly string[]; readonly socket: Socket } | undefined;
  /** How often an end was told; one is right. */
  ends = 0;
  /** Set by a test that wants to act at this very moment. */
  onHeadToo: () => void = () => {};
  onDataToo: () => void = () => {};
  readonly #ended = new EventTarget();

  onInformation(status: number): void {
    this.informations.push(status);
  }

  onHead(status: number, headers: readonly string[], statusText: string): void {
    this.status = status;
    this.headers = headers;
    this.statusText = statusText;
    this.onHeadToo();
  }

  onData(chunk: Buffer): void {
    this.body += chunk.toString('latin1');
    this.onDataToo();
  }

  onQuiet(): void {
    this.quiets += 1;
  }

  onEnd(trailers: readonly string[]): void {
    this.trailers = trailers;
    this.#end();
  }

  onUpgrade(headers: readonly string[], socket: Socket): void {
    this.upgraded = { headers, socket };
    this.#end();
  }

  onFailure(failure: UpstreamFailure): void {
    this.failure = failure;
    this.#end();
  }

  /** Resolves when the end was told; fails after five seconds. */
  async over(): Promise<this> {
    if (this.ends === 0) await once(this.#ended, 'end', { signal: AbortSignal.timeout(5000) });
    return this;
  }

  #end(): void {
    this.ends += 1;
    this.#ended.dispatchEvent(new Event('end'));
  }
}
