// For tests: one gateway in front of one recording service for all tests of a file, and clients that go with each
// test. Call it once at the top of the file: it registers the hooks.

import { after, afterEach, before, beforeEach } from 'node:test';
import { type Answer, exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { RawClient } from './raw-client.ts';
import { plainAnswer, RecordingUpstream, type Respond } from './recording-upstream.ts';
import { startTestGateway, type TestGateway } from './start-test-gateway.ts';

export type GatewayOnUpstream = {
  readonly upstream: RecordingUpstream;
  readonly t: TestGateway;
  /** A connection that is closed after the test. */
  readonly open: (allowHalfOpen?: boolean) => Promise<RawClient>;
  /** The same, with a first request on it. */
  readonly send: (...lines: string[]) => Promise<RawClient>;
  /** One request on a connection of its own, and the first answer to it. */
  readonly ask: (requestLine: string, ...lines: string[]) => Promise<Answer>;
};

/** `yaml` is told where the service is, and an origin where nobody listens. Before each test the service answers with `respond`. */
export function gatewayOnUpstream(
  yaml: (origin: string, closedOrigin: string) => string,
  respond: Respond = () => plainAnswer,
): GatewayOnUpstream {
  let upstream: RecordingUpstream;
  let t: TestGateway;
  const clients: RawClient[] = [];
  before(async () => {
    upstream = await RecordingUpstream.start();
    const closed = await RecordingUpstream.start();
    const closedOrigin = closed.origin;
    closed.close();
    t = await startTestGateway(yaml(upstream.origin, closedOrigin));
  });
  after(async () => {
    await t.close();
    upstream.close();
  });
  beforeEach(() => {
    upstream.requests.length = 0;
    upstream.received = '';
    upstream.respond = respond;
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  async function open(allowHalfOpen = false): Promise<RawClient> {
    const client = await RawClient.open(t.port, allowHalfOpen);
    clients.push(client);
    return client;
  }

  return {
    get upstream() {
      return upstream;
    },
    get t() {
      return t;
    },
    open,
    async send(...lines) {
      const client = await open();
      client.send(...lines);
      return client;
    },
    async ask(requestLine, ...lines) {
      const head = [`${requestLine} HTTP/1.1`, 'Host: a.example', ...lines, 'Connection: close'].join('\r\n');
      return readAnswers(await exchange(t.port, `${head}\r\n\r\n`))[0]!;
    },
  };
}
