// The status that a target answers a GET with, over the very connections that requests take.

import type { AnswerSink, Transport } from '../proxy/transport.ts';
import type { UpstreamFailure } from '../proxy/upstream-error.ts';

/** undefined when no proper answer came within `limitMs`. Redirects are not followed. */
export async function askStatus(
  transport: Transport,
  path: string,
  limitMs: number,
): Promise<number | undefined> {
  const first = await ask(transport, path, limitMs);
  if (typeof first === 'number' || !first?.diedIdle) return typeof first === 'number' ? first : undefined;
  // The service had closed the kept connection: that says nothing.
  const second = await ask(transport, path, limitMs);
  return typeof second === 'number' ? second : undefined;
}

/** The status, or what went wrong; undefined when the time was over. */
function ask(
  transport: Transport,
  path: string,
  limitMs: number,
): Promise<number | UpstreamFailure | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      call.abort();
      resolve(undefined);
    }, limitMs);
    const stop = () => clearTimeout(timer);
    const sink: AnswerSink = {
      onInformation() {},
      onHead: resolve,
      // The body is read to its end, within the same time, so that the connection stays of use.
      onData() {},
      onQuiet() {},
      onEnd: stop,
      onUpgrade(_headers, socket) {
        stop();
        socket.destroy();
        resolve(undefined);
      },
      onFailure(failure) {
        stop();
        resolve(failure);
      },
    };
    const call = transport.send({ method: 'GET', path, headers: [], body: undefined, upgrade: false }, sink);
  });
}
