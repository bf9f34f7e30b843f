// A password for a command: from a file or from standard input, where a terminal is asked without showing it. Never
// from an argument, which others could read in the process list.

import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { askSecret } from './ask-secret.ts';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';

// More than any password may have; a file that is something else is not read to its end.
const bytesMax = 4096;

/**
 * @param path of a file, or - for standard input. One line end after the password is not part of it.
 * @throws {CliError} when there is none; it names the path and never what was read.
 */
export async function readPassword(io: Io, path: string): Promise<string> {
  if (path === '-' && io.stdin.isTTY === true) return askTwice(io);
  const bytes = await readStart(path === '-' ? io.stdin : createReadStream(path), path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '');
  } catch {
    throw new CliError(1, `cannot read the password from ${path} (it is not UTF-8)`);
  }
}

async function askTwice(io: Io): Promise<string> {
  const terminal = { input: io.stdin, err: io.err };
  const password = await askSecret('Password: ', terminal);
  const again = password === undefined ? undefined : await askSecret('Once more: ', terminal);
  if (password === undefined || again === undefined) throw new CliError(1, 'no password was given');
  if (password !== again) throw new CliError(1, 'the two passwords are not the same');
  return password;
}

async function readStart(source: Readable, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > bytesMax) throw new CliError(1, `cannot read the password from ${path} (it is too long)`);
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(1, `cannot read the password from ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
  return Buffer.concat(chunks);
}
