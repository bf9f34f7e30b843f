// The bytes of a head or trailer that came in pieces, in one growing buffer: pieces of one byte cost no more than
// their number. The bound is the caller's.

const nothing = Buffer.alloc(0);
const firstBytes = 1024;

export class CollectedBytes {
  bytes: Buffer = nothing;
  length = 0;

  append(from: Buffer, start: number, end: number): void {
    const needed = this.length + end - start;
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(firstBytes, this.bytes.length * 2, needed));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    from.copy(this.bytes, this.length, start, end);
    this.length = needed;
  }

  clear(): void {
    this.bytes = nothing;
    this.length = 0;
  }
}
