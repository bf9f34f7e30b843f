// When requests are written to connections that have served before: in the check phase of the event loop, behind the
// reading of every connection that had bytes when the request came. A byte that nobody asked for, or an end, is thus
// seen before a request follows it, and not read as the answer to that request. One turn for all requests of a moment.

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
