// The lines of a stream of any size, as bytes and each within a bound, so that a file that is no list of lines
// takes no memory either.

export type Line = { readonly number: number; readonly bytes: Buffer | 'too_long' };

const newline = 0x0a;

/** Empty lines are counted and left out. */
export async function* readLines(source: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Line> {
  let number = 0;
  let parts: Buffer[] = [];
  let length = 0;

  function* endLine(): Generator<Line> {
    number++;
    const bytes = Buffer.concat(parts);
    const isTooLong = length > bytesMax;
    parts = [];
    length = 0;
    if (isTooLong) yield { number, bytes: 'too_long' };
    else if (/\S/.test(bytes.toString('latin1'))) yield { number, bytes };
  }

  function add(part: Buffer): void {
    length += part.length;
    if (length <= bytesMax) parts.push(part);
  }

  for await (const chunk of source) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      add(chunk.subarray(from, at));
      yield* endLine();
      from = at + 1;
    }
    add(chunk.subarray(from));
  }
  if (length > 0) yield* endLine();
}
