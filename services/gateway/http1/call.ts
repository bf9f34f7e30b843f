// One request under way: with whom it is, and whether it is over.

import type { AnswerSink, UpstreamCall, UpstreamRequest } from '../proxy/transport.ts';
import type { UpstreamFailure } from '../proxy/upstream-error.ts';
import type { RequestHead } from './encode-request.ts';

/** Who has a call: the queue, then a connection. */
export interface Carrier {
  abort(call: Call): void;
  pause(): void;
  resume(): void;
}

export class Call implements UpstreamCall {
  readonly request: UpstreamRequest;
  readonly head: RequestHead;
  readonly sink: AnswerSink;
  /** undefined: nobody yet, or nobody any more. */
  carrier: Carrier | undefined;
  /** While it is in the queue. */
  deadlineMs = 0;
  isOver = false;

  constructor(request: UpstreamRequest, head: RequestHead, sink: AnswerSink) {
    this.request = request;
    this.head = head;
    this.sink = sink;
    this.carrier = undefined;
  }

  abort(): void {
    if (this.isOver) return;
    this.finish()?.abort(this);
  }

  pause(): void {
    this.carrier?.pause();
  }

  resume(): void {
    this.carrier?.resume();
  }

  fail(failure: UpstreamFailure): void {
    if (this.isOver) return;
    this.finish();
    this.sink.onFailure(failure);
  }

  /** Nothing more is heard of it. Gives back who had it. */
  finish(): Carrier | undefined {
    const { carrier } = this;
    this.isOver = true;
    this.carrier = undefined;
    return carrier;
  }
}
