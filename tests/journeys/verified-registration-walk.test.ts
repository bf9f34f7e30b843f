// docs/how-to/try-verified-registration.md, run word for word against a fresh embedded run: its commands, the answers
// it shows, and the command that the inbox shows.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type FreshRun, runInBash, startFreshRun } from '../../tools/fresh-run.ts';
import { readPage } from '../../tools/markdown.ts';
import { assertShown } from './assert-shown.ts';

const page = join(import.meta.dirname, '..', '..', 'docs', 'how-to', 'try-verified-registration.md');
const texts = readPage(readFileSync(page, 'utf8')).blocks.map(({ text }) => text);
const [start, box, register, sent, confirm, confirmed] = texts as [
  string,
  string,
  string,
  string,
  string,
  string,
];

let run: FreshRun;
before(async () => {
  run = await startFreshRun('launch/embedded.ts', { REGISTRATION: 'verified', MAIL_INBOX_PORT: '0' });
});
after(() => run.stop());

const inboxUrl = () => /Mail +(http:\S+)/.exec(run.output())?.[1] ?? '';
const readInbox = async () => (await fetch(inboxUrl())).text();
const bash = (text: string) => runInBash(run, [text])[0] ?? '';
const commandIn = (mail: string) =>
  /^ {2}curl [^]*?\/confirm$/m.exec(mail)?.[0].replaceAll('&#39;', "'").replaceAll('&quot;', '"') ?? '';

test('the page starts what this test starts, and has no block more', () => {
  assert.deepEqual([start, texts.length], ['REGISTRATION=verified npm start', 6]);
});

test('the box shows where the inbox is, and no other port serves it', async () => {
  assertShown(`Mail      ${inboxUrl().replace(/:\d+/, ':8025')}`, box);
  const { pathname } = new URL(inboxUrl());
  for (const port of [run.env['ENTRY_PORT'], run.env['GATEWAY_PORT'], run.env['AUTH_PORT']]) {
    const answer = await fetch(`http://127.0.0.1:${port}${pathname}`);
    assert.equal(answer.status, 404);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  }
});

test('the mail in the inbox makes the account, and a second registration looks the same', async () => {
  assertShown(bash(register), sent);
  const command = commandIn(await readInbox());
  assertShown(command.trim(), confirm);
  assertShown(bash(`${command.replace('YOUR PASSWORD', 'StrongPass123')} -s`), confirmed);
  assertShown(bash(register), sent);
  assert.match(await readInbox(), /has one already[^]*confirm within a day/);
});
