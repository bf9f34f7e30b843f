// A chunked body (RFC 9112 section 7.1), in any pieces. Extensions are ignored once they are well-formed, and
// bounded in all: a server could hide any amount of work in them.

import type { AnswerFault } from './answer-fault.ts';
import { carriageReturn, hexValue, isTextByte, lineFeed, semicolon } from './bytes.ts';
import { CollectedBytes } from './collected-bytes.ts';
import { findSectionEnd, malformed, unfinished } from './find-section-end.ts';
import { readFields } from './read-fields.ts';

/** Where the bytes of a body go. */
export interface BodyOut {
  /** False: nobody wants more of this answer. */
  put(bytes: Buffer, start: number, end: number): boolean;
}

// Zeros in front count too, so that a size is bounded in length and in value.
const sizeDigitsMax = 16;
const extensionBytesMax = 8 * 1024;
const trailerBytesMax = 16 * 1024;

const word = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const quoted = String.raw`"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"`;
const extensionsForm = new RegExp(`^(?:;${word}(?:=(?:${word}|${quoted}))?)+$`);

// The line end of the last chunk: with it in front a trailer is a section like a head, an empty one too.
const lineEnd = Buffer.from('\r\n');

const phases = {
  size: 0,
  extension: 1,
  sizeEnd: 2,
  data: 3,
  dataEnd: 4,
  dataLineFeed: 5,
  trailer: 6,
} as const;

export class ChunkDecoder {
  /** Flat list; complete once `read` has told the end. */
  readonly trailers: string[] = [];
  /** Why `read` gave `malformed`. */
  fault: AnswerFault = 'bad_chunk';
  #phase: (typeof phases)[keyof typeof phases] = phases.size;
  /** Of the chunk; what is still to come of it while its data is read. */
  #size = 0;
  #digits = 0;
  #extension = '';
  #extensionBytes = 0;
  #trailer: CollectedBytes | undefined;

  /** The index behind the last byte of the body, `unfinished`, or `malformed`. */
  read(bytes: Buffer, start: number, end: number, out: BodyOut): number {
    for (let at = start; at < end; ) {
      if (this.#phase === phases.trailer) return this.#readTrailer(bytes, at, end);
      if (this.#phase === phases.data) {
        const to = Math.min(end, at + this.#size);
        this.#size -= to - at;
        if (this.#size === 0) this.#phase = phases.dataEnd;
        if (!out.put(bytes, at, to)) return unfinished;
        at = to;
      } else if (!this.#readByte(bytes[at++]!)) return malformed;
    }
    return unfinished;
  }

  /** One byte between the data of two chunks. False: it must not stand there. */
  #readByte(byte: number): boolean {
    switch (this.#phase) {
      case phases.size:
        return this.#readSizeByte(byte);
      case phases.extension:
        return this.#readExtensionByte(byte);
      case phases.sizeEnd:
        this.#phase = this.#size === 0 ? phases.trailer : phases.data;
        return byte === lineFeed;
      case phases.dataEnd:
        this.#phase = phases.dataLineFeed;
        return byte === carriageReturn;
      case phases.dataLineFeed:
        this.#phase = phases.size;
        this.#digits = 0;
        return byte === lineFeed;
      case phases.data:
      case phases.trailer:
        break; // not read byte by byte
    }
    return false;
  }

  #readSizeByte(byte: number): boolean {
    const value = hexValue[byte]!;
    if (value < 16) {
      this.#size = this.#size * 16 + value;
      return ++this.#digits <= sizeDigitsMax && this.#size <= Number.MAX_SAFE_INTEGER;
    }
    if (byte === semicolon) this.#extension = ';';
    this.#phase = byte === semicolon ? phases.extension : phases.sizeEnd;
    return this.#digits > 0 && (byte === semicolon || byte === carriageReturn);
  }

  #readExtensionByte(byte: number): boolean {
    if (byte === carriageReturn) {
      this.#phase = phases.sizeEnd;
      return extensionsForm.test(this.#extension);
    }
    this.#extension += String.fromCharCode(byte);
    return isTextByte[byte] === 1 && ++this.#extensionBytes <= extensionBytesMax;
  }

  #readTrailer(bytes: Buffer, start: number, end: number): number {
    if (this.#trailer === undefined) {
      // Nearly every body ends here.
      if (end - start >= 2 && bytes[start] === carriageReturn && bytes[start + 1] === lineFeed)
        return start + 2;
      this.#trailer = new CollectedBytes();
      this.#trailer.append(lineEnd, 0, lineEnd.length);
    }
    const trailer = this.#trailer;
    const from = trailer.length;
    trailer.append(bytes, start, end);
    const found = findSectionEnd(trailer.bytes, 0, from, trailer.length);
    if (found === malformed) return this.#refuse('bad_field');
    if ((found === unfinished ? trailer.length : found) > trailerBytesMax)
      return this.#refuse('trailer_too_large');
    if (found === unfinished) return unfinished;
    const text = trailer.bytes.toString('latin1', 0, found);
    if (!readFields(trailer.bytes, lineEnd.length, found, text, 0, this.trailers))
      return this.#refuse('bad_field');
    if (this.trailers.some(isFraming)) return this.#refuse('bad_framing');
    return end - (trailer.length - found);
  }

  #refuse(fault: AnswerFault): number {
    this.fault = fault;
    return malformed;
  }
}

/** RFC 9110 section 6.5.1: too late to say where the message ends. */
function isFraming(part: string, i: number): boolean {
  return i % 2 === 0 && /^(?:content-length|transfer-encoding)$/i.test(part);
}
