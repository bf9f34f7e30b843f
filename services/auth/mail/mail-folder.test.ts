import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { throwawayFolder } from '../../../launch/testing/throwaway-folder.ts';
import { listMails, writeMail } from './mail-folder.ts';

const mail = (subject: string) => ({
  from: 'PI <pi@example.com>',
  to: 'user@example.com',
  subject,
  text: 'One line\n\nand: another',
});
const atMs = (ms: number) => new Date(1.7e12 + ms);

test('what was written is read again, the newest first, to the millisecond', async () => {
  const folder = join(throwawayFolder(), 'mail');
  assert.deepEqual(await listMails(folder, 10), []);
  for (const ms of [2, 1, 3]) await writeMail(folder, mail(`Mail ${ms}`), atMs(ms));
  const { from: _, ...newest } = { ...mail('Mail 3'), date: 'Tue, 14 Nov 2023 22:13:20 +0000' };
  assert.deepEqual(await listMails(folder, 1), [newest]);
  assert.deepEqual(
    (await listMails(folder, 10)).map(({ subject }) => subject),
    ['Mail 3', 'Mail 2', 'Mail 1'],
  );
});

test('a flood of mail keeps the newest thousand', async () => {
  const folder = join(throwawayFolder(), 'mail');
  for (let from = 0; from < 1010; from += 101) {
    await Promise.all(
      Array.from({ length: 101 }, (_, i) => writeMail(folder, mail(`Mail ${from + i}`), atMs(from + i))),
    );
  }
  assert.equal((await readdir(folder)).length, 1000);
  const mails = await listMails(folder, 2000);
  assert.equal(mails.length, 1000);
  assert.deepEqual([mails[0]?.subject, mails.at(-1)?.subject], ['Mail 1009', 'Mail 10']);
});
