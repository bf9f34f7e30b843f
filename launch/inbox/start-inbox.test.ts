import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { get, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  assertProblem as assertRawProblem,
  exchange,
  readAnswers,
} from '@pi-gateway/http-front/raw-exchange.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { writeMail } from '../../services/auth/mail/mail-folder.ts';
import { throwawayFolder } from '../testing/throwaway-folder.ts';
import { type Inbox, startInbox } from './start-inbox.ts';

const masterKey = randomBytes(32);
const hostile = `"'><script src=//evil.example></script><img onerror=alert(1)>&amp;\u0007\u202e`;
const log = createLog({ service: 'test', level: 'silent' });
let folder = '';
let inbox: Inbox;
before(async () => {
  folder = join(throwawayFolder(), 'mail');
  inbox = await startInbox({ port: 0, masterKey, folder, log });
});
after(async () => {
  await inbox.close();
});

type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };

function ask(url: string, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(url, options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    }).on('error', reject);
  });
}

function assertProblem({ status, headers, body }: Answer, expected: number, code: string): void {
  assert.deepEqual([status, (JSON.parse(body) as { code: string }).code], [expected, code]);
  assert.equal(headers['content-type'], 'application/problem+json');
  assert.equal(headers['cache-control'], 'no-store');
}

test('before any mail there is an empty page', async () => {
  const { status, body } = await ask(inbox.url);
  assert.equal(status, 200);
  assert.doesNotMatch(body, /<article>/);
});

test('the newest mail comes first, and what is no mail is left out', async () => {
  const mail = { from: 'PI <pi@example.com>', to: 'a@example.com', text: 'A line\n\nand another' };
  await writeMail(folder, { ...mail, subject: 'Older' }, new Date('2026-11-22T10:00:00Z'));
  await writeMail(folder, { ...mail, subject: 'Newer' }, new Date('2026-11-22T11:00:00Z'));
  await writeFile(join(folder, '2027.eml'), 'no mail');
  const { body } = await ask(inbox.url);
  assert.match(
    body,
    /Newer[^]*To a@example.com, Sun, 22 Nov 2026 11:00:00 \+0000[^]*A line\n\nand another[^]*Older/,
  );
  assert.equal(body.match(/<article>/g)?.length, 2);
});

test('nothing of a mail becomes markup, and the page may run and load nothing', async () => {
  const mail = { from: hostile, to: hostile, subject: hostile, text: hostile };
  await writeMail(folder, mail, new Date('2026-11-22T12:00:00Z'));
  const { headers, body } = await ask(inbox.url);
  for (const raw of ['<script', '<img', '\u0007', '\u202e'])
    assert.ok(!body.includes(raw), JSON.stringify(raw));
  assert.match(body, /&quot;&#39;&gt;&lt;script src=\/\/evil\.example&gt;/);
  assert.match(body, /&amp;amp;/);
  const policy = String(headers['content-security-policy']);
  assert.match(
    policy,
    /^default-src 'none'; style-src 'sha256-[\w+/]+='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  );
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['referrer-policy'], 'no-referrer');
});

describe('nobody else reads it', () => {
  test('it listens on loopback alone', () => assert.match(inbox.url, /^http:\/\/127\.0\.0\.1:\d+\//));

  test('without the secret path it is a 404', async () => {
    const { origin } = new URL(inbox.url);
    const other = await startInbox({ port: 0, masterKey: randomBytes(32), folder, log });
    const foreign = new URL(other.url).pathname;
    await other.close();
    const { pathname, host, port } = new URL(inbox.url);
    for (const path of ['/', '/mail', foreign, `${pathname}?x`, pathname.toLowerCase()]) {
      assertProblem(await ask(origin + path), 404, 'not_found');
    }
    const path = `/${'\xff'.repeat(pathname.length - 1)}`;
    const raw = await exchange(Number(port), `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assertRawProblem(readAnswers(raw)[0], 400, 'malformed_request');
  });

  test('a page of another origin that has its name point here (DNS rebinding) is a 421', async () => {
    const { port } = new URL(inbox.url);
    for (const host of [`evil.example:${port}`, '127.0.0.1', `127.0.0.1.evil.example:${port}`]) {
      assertProblem(await ask(inbox.url, { headers: { host } }), 421, 'misdirected_request');
    }
    assert.equal((await ask(inbox.url, { headers: { host: `localhost:${port}` } })).status, 200);
  });

  test('any method but GET and HEAD is a 405', async () => {
    const answer = await ask(inbox.url, { method: 'DELETE' });
    assertProblem(answer, 405, 'method_not_allowed');
    assert.equal(answer.headers.allow, 'GET, HEAD');
  });
});

test('a port that is taken is named with its setting', async () => {
  const port = Number(new URL(inbox.url).port);
  await assert.rejects(startInbox({ port, masterKey, folder, log }), {
    message: `MAIL_INBOX_PORT: port ${port} on 127.0.0.1 is in use: stop the program that listens there, or set MAIL_INBOX_PORT to another port.`,
  });
});
