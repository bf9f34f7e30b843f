// When requests and whole answers are written: in the check phase of the event loop, behind the reading of every
// connection that had bytes at that moment. One turn for all writes of a moment:
// - A byte that nobody asked for on a kept connection to a service, or its end, is seen before a request follows it,
//   and not read as the answer to that request.
// - It costs the kernel less: with the same calls of the system its part of a request fell by a third in pairs. Supposedly
//   the first write wakes the process at the other end and the others find it awake, where each by itself woke it anew.

export interface Writer {
  write(): void;
}

let waiting: Writer[] = [];

/** Has `writer` write in the next turn. */
export function writeInTurn(writer: Writer): void {
  if (waiting.push(writer) === 1) setImmediate(writeAll);
}

function writeAll(): void {
  const writers = waiting;
  // Who comes in while these write waits for the next turn: its connection may have been read in this one.
  waiting = [];
  for (const writer of writers) writer.write();
}
