// A time limit for an answer, which does not blame the other side for a pause of our own: when the event loop was
// busy, the timer fires although the answer lies in the socket already, so one more turn is granted to read it.

/** Rejects when the promise has not settled within about `ms` milliseconds; what it does later is ignored. */
export function withinMs<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error(`no answer within ${ms} ms`));
    const timer = setTimeout(() => setImmediate(() => setImmediate(giveUp)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
