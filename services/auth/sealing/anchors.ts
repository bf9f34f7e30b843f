// Anchors: what the newest seal is, told outside the database, so that a log that was cut off shows. One line at the
// end of a file and one in the service's log, once a minute at most; a seal holds all before it.

import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '@pi-gateway/log/log.ts';
import { hashSeal, type Seal } from '../audit/seal.ts';
import type { AnchorPost } from './post-anchors.ts';

export type Anchor = {
  readonly number: number;
  readonly hash: string;
  readonly signature: string;
  readonly kid: string;
  readonly at: string;
};

export type Anchors = {
  /** Tells of a seal that is committed: now, or with a later one. A failure is logged and tried with the next. */
  tell(seal: Seal): Promise<void>;
  /** Tells of the newest seal that was not told of. */
  flush(): Promise<void>;
  /** What this file was told of last. */
  last(): Promise<Anchor | undefined>;
};

export type AnchorOptions = {
  readonly path: string;
  readonly log: Log;
  readonly everyMs: number;
  /** Sends them elsewhere, too, without making anybody wait. */
  readonly post?: Pick<AnchorPost, 'offer'> | undefined;
  readonly now?: () => number;
};

function anchorOf({ text, statement, signature }: Seal): Anchor {
  return {
    number: statement.number,
    hash: hashSeal(text).toString('hex'),
    signature: signature.toString('base64url'),
    kid: statement.kid,
    at: statement.at,
  };
}

export function openAnchors({
  path,
  log,
  everyMs,
  post,
  now = () => performance.now(),
}: AnchorOptions): Anchors {
  let nextAt = 0;
  let untold: Seal | undefined;

  async function flush(): Promise<void> {
    if (untold === undefined) return;
    const anchor = anchorOf(untold);
    try {
      await appendLine(path, JSON.stringify(anchor));
    } catch (err) {
      log.error({ err }, 'the anchor of the audit log cannot be written');
    }
    log.info({ anchor }, 'the audit log is sealed');
    post?.offer(anchor);
    nextAt = now() + everyMs;
    untold = undefined;
  }

  return {
    flush,
    async tell(seal) {
      untold = seal;
      // What happens once in a while is told at once.
      if (now() >= nextAt || seal.statement.kind !== 'events') await flush();
    },
    last: () => readLastAnchor(path),
  };
}

/** The newest of a file; undefined: there is none, or no file. */
export async function readLastAnchor(path: string): Promise<Anchor | undefined> {
  const text = await readTail(path).catch(() => '');
  return text
    .split('\n')
    .map(readAnchor)
    .findLast((anchor) => anchor !== undefined);
}

/** A line of the file; undefined when it is none (a crash may leave half of one). */
export function readAnchor(line: string): Anchor | undefined {
  try {
    const anchor = JSON.parse(line) as Anchor;
    return Number.isSafeInteger(anchor.number) && typeof anchor.hash === 'string' ? anchor : undefined;
  } catch {
    return undefined;
  }
}

const tailBytes = 4096;

async function readTail(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, tailBytes));
    await file.read(tail, 0, tail.length, size - tail.length);
    return tail.toString();
  } finally {
    await file.close();
  }
}

async function appendLine(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // A crash may have left half a line.
  const tail = await readTail(path).catch(() => '');
  const file = await open(path, 'a', 0o600);
  try {
    await file.appendFile(`${tail === '' || tail.endsWith('\n') ? '' : '\n'}${line}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}
