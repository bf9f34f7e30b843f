// Listens to server-sent events in tests.

export type ServerSentEvent = { readonly id: string; readonly data: Record<string, unknown> };

export type EventStream = {
  readonly status: number;
  readonly headers: Headers;
  /** The next so many. */
  take(count: number): Promise<ServerSentEvent[]>;
  /** Waits for the end; what the last event of the kind `end` said. */
  end(): Promise<unknown>;
  close(): void;
};

const waitMs = 20_000;

export async function openEventStream(
  url: string,
  token: string,
  lastEventId?: string,
): Promise<EventStream> {
  const abort = new AbortController();
  const response = await fetch(url, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: abort.signal,
  });
  // Its reader is taken now: the body of a response that nobody holds or reads yet is cancelled when memory is collected.
  const blocks = readBlocks(response.body!.values());

  async function nextBlock(): Promise<ReadonlyMap<string, string> | undefined> {
    const timer = setTimeout(() => abort.abort(new Error('no event in time')), waitMs);
    try {
      const { value } = await blocks.next();
      return value;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    status: response.status,
    headers: response.headers,
    async take(count) {
      const events: ServerSentEvent[] = [];
      while (events.length < count) {
        const block = await nextBlock();
        if (block === undefined) throw new Error(`the stream ended after ${events.length} events`);
        const [id, data] = [block.get('id'), block.get('data')];
        if (id !== undefined) events.push({ id, data: JSON.parse(data!) as Record<string, unknown> });
      }
      return events;
    },
    async end() {
      let said: unknown;
      for (;;) {
        const block = await nextBlock();
        if (block === undefined) return said;
        if (block.get('event') === 'end') said = JSON.parse(block.get('data')!);
      }
    },
    close: () => abort.abort(),
  };
}

/** The fields of each event; comments are left out. */
async function* readBlocks(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<ReadonlyMap<string, string>, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of body) {
    text += decoder.decode(part, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith(':'));
      if (lines.length === 0) continue;
      yield new Map(lines.map((line) => line.split(/: (.*)/s, 2) as [string, string]));
    }
  }
  return undefined;
}
