// The anchors of a file, a line each. What is no anchor is passed over: a crash may leave half a line.

import { createReadStream } from 'node:fs';
import { type Anchor, readAnchor } from '@pi-gateway/auth/sealing/anchors.ts';
import { CliError } from '../cli-error.ts';
import { readLines } from '../import/read-lines.ts';

const lineBytesMax = 4096;

/** @throws {CliError} when the file cannot be read. */
export async function* readAnchorsFile(path: string): AsyncGenerator<Anchor> {
  try {
    for await (const { bytes } of readLines(createReadStream(path), lineBytesMax)) {
      const anchor = bytes === 'too_long' ? undefined : readAnchor(bytes.toString());
      if (anchor !== undefined) yield anchor;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CliError(3, `cannot read ${path} (${code})`);
  }
}
