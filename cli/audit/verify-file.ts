// `pi audit verify --file`: an export, without any database. Of the file nothing is believed but what trusted keys signed.

import { createReadStream } from 'node:fs';
import { type DigestedPart, digestEvents } from '@pi-gateway/auth/audit/digested-events.ts';
import type { ExportHead } from '@pi-gateway/auth/audit/export-lines.ts';
import type { LogPart } from '@pi-gateway/auth/audit/log-part.ts';
import { ExportFault, readExportLine, readHead } from '@pi-gateway/auth/audit/read-export.ts';
import { readSeal } from '@pi-gateway/auth/audit/seal.ts';
import { holdsEntry } from '@pi-gateway/auth/audit/seal-entries.ts';
import { readAnchorBook } from '@pi-gateway/auth/proving/anchor-book.ts';
import { verifyLog } from '@pi-gateway/auth/proving/verify-log.ts';
import { CliError } from '../cli-error.ts';
import { readLines } from '../import/read-lines.ts';
import { chooseKeys } from './choose-keys.ts';
import { readAnchorsFile } from './read-anchors-file.ts';
import type { Verification, VerifyWish } from './verification.ts';

// A seal of a thousand events has lines of 64 KiB.
const lineBytesMax = 8 * 1024 * 1024;
// A seal may be made just before an export and be committed after it.
const sealingMs = 60_000;

export async function verifyFile(path: string, wish: VerifyWish): Promise<Verification> {
  const lines = readTexts(path);
  const head = await readFirst(path, lines);
  const until = Date.parse(head.at) - sealingMs;
  const anchors =
    wish.anchorsPath === undefined
      ? undefined
      : await readAnchorBook(readAnchorsFile(wish.anchorsPath), until);
  const { keys, by } = chooseKeys({
    given: wish.keys,
    pins: wish.pins,
    opened: undefined,
    anchors,
    claimed: head.keys,
  });
  const drop = head.drop && readSeal(head.drop.text, head.drop.signature);
  const verified = await verifyLog(readParts(lines), {
    keys,
    drop,
    anchors,
    hasStart: head.from === null,
    hasEnd: head.to === null,
    whereabouts: {
      isInLog: (id) => searchParts(path, (part) => part.kind === 'events' && part.events[0]?.id === id),
      isSealed: (id) =>
        searchParts(path, (part) => part.kind === 'seal' && holdsEntry(part.seal.entries, id)),
    },
    onProgress: wish.onProgress,
  });
  return { verified, trust: by, anchors, range: { from: head.from, to: head.to }, exportedAt: head.at };
}

async function readFirst(path: string, lines: AsyncGenerator<string>): Promise<ExportHead> {
  try {
    const { value, done } = await lines.next();
    return readHead(done === true ? '' : value);
  } catch (error) {
    if (!(error instanceof ExportFault)) throw error;
    throw new CliError(3, `cannot read ${path} (${error.message})`);
  }
}

async function* readTexts(path: string): AsyncGenerator<string> {
  try {
    for await (const { bytes } of readLines(createReadStream(path), lineBytesMax)) {
      if (bytes === 'too_long') throw new ExportFault('a line is too long');
      yield bytes.toString();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CliError(3, `cannot read ${path} (${code})`);
  }
}

/** @throws {ExportFault} when the file was cut off. */
async function* readParts(lines: AsyncGenerator<string>): AsyncGenerator<DigestedPart> {
  let [events, seals] = [0, 0];
  for await (const text of lines) {
    const line = readExportLine(text);
    if (line.kind === 'end') {
      if (line.events !== events || line.seals !== seals)
        throw new ExportFault('its last line counts other lines');
      if ((await lines.next()).done !== true) throw new ExportFault('it goes on after its last line');
      return;
    }
    if (line.kind === 'seal') {
      seals++;
      yield line;
    } else {
      events += line.events.length;
      yield { kind: 'events', events: digestEvents(line.events) };
    }
  }
  throw new ExportFault('its last line is missing: it was cut off, or the export is not finished');
}

async function searchParts(path: string, isIt: (part: LogPart) => boolean): Promise<boolean> {
  for await (const text of readTexts(path)) {
    const part = tryReadPart(text);
    if (part !== undefined && isIt(part)) return true;
  }
  return false;
}

function tryReadPart(text: string): LogPart | undefined {
  try {
    const line = readExportLine(text);
    return line.kind === 'end' ? undefined : line;
  } catch {
    return undefined;
  }
}
