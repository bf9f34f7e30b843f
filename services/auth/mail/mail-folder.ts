// Mail as files in a folder, one a message (RFC 5322), readable by their owner alone: what is sent when there is no
// mail server, for a developer to read. The newest thousand are kept, so that a flood fills no disk.

import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export type StoredMail = {
  /** When it was sent, as its header says. */
  readonly date: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
};

type Outgoing = Omit<StoredMail, 'date'> & { readonly from: string };

const keptMax = 1000;

/** Where the service whose data is in `dataDir` puts its mail. */
export function mailFolderOf(dataDir: string): string {
  return join(dataDir, 'mail');
}

export async function writeMail(folder: string, mail: Outgoing, at: Date): Promise<void> {
  const { from, to, subject, text } = mail;
  const date = at.toUTCString().replace('GMT', '+0000');
  // To the millisecond, for the order.
  const name = `${at.toISOString().replaceAll(':', '-')}-${crypto.randomUUID()}.eml`;
  const head = {
    Date: date,
    From: from,
    To: to,
    Subject: subject,
    'Content-Type': 'text/plain; charset=utf-8',
  };
  const lines = Object.entries(head).map(([field, value]) => `${field}: ${value}\r\n`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Renamed into place, so that whoever watches the folder never reads half a mail.
  await writeFile(join(folder, `.${name}`), `${lines.join('')}\r\n${text}\r\n`, { mode: 0o600 });
  await rename(join(folder, `.${name}`), join(folder, name));
  const names = await listNames(folder);
  // Another process may be doing the same.
  await Promise.all(names.slice(keptMax).map((old) => rm(join(folder, old), { force: true })));
}

/** The newest, newest first; none when nothing was ever sent. */
export async function listMails(folder: string, limit: number): Promise<StoredMail[]> {
  const names = (await listNames(folder)).slice(0, limit);
  const files = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')));
  return files.flatMap((file) => readMail(file) ?? []);
}

/** Names begin with the time. */
async function listNames(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => /^\d.*\.eml$/.test(name))
      .toSorted()
      .toReversed();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readMail(file: string): StoredMail | undefined {
  const end = file.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = new Map(
    file
      .slice(0, end)
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  const field = (name: string) => head.get(name) ?? '';
  return {
    date: field('date'),
    to: field('to'),
    subject: field('subject'),
    text: file.slice(end + 4).trimEnd(),
  };
}
