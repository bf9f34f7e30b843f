// A time limit for an answer, which does not blame the other side for a pause of our own. The time runs from the end
// of this turn of the event loop, when what was asked in it has gone out; and when the event loop was busy, the timer
// fires although the answer lies in the socket already, so one more turn is granted to read it.

/** Rejects when the promise has not settled within about `ms` milliseconds; what it does later is ignored. */
export function withinMs<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const giveUp = () => reject(new Error(`no answer within ${ms} ms`));
    const asked = setImmediate(() => {
      timer = setTimeout(() => setImmediate(() => setImmediate(giveUp)), ms);
    });
    promise.then(resolve, reject).finally(() => {
      clearImmediate(asked);
      clearTimeout(timer);
    });
  });
}
