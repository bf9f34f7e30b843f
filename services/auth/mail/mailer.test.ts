import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { throwawayFolder } from '../../../launch/testing/throwaway-folder.ts';
import { createMailer } from './mailer.ts';

const mail = { to: 'user@example.com', subject: 'Hello', text: 'A line' };
const from = 'PI <pi@example.com>';

/** Takes one mail as a mail server would (RFC 5321), and gives what it was told. */
async function startSmtp() {
  const told: string[] = [];
  const server = createServer((socket) => {
    let isData = false;
    socket.write('220 test\r\n');
    socket.on('data', (chunk) => {
      for (const line of String(chunk).split('\r\n').slice(0, -1)) {
        told.push(line);
        if (isData && line !== '.') continue;
        isData = line === 'DATA';
        socket.write(isData ? '354 go on\r\n' : '250 ok\r\n');
      }
    });
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { told, server, url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('mail goes to the server of SMTP_URL', async () => {
  const { told, server, url } = await startSmtp();
  const mailer = createMailer({ smtpUrl: url, from, folder: '/nowhere' });
  await mailer.send(mail);
  await mailer.close();
  server.close();
  for (const line of [
    'MAIL FROM:<pi@example.com>',
    'RCPT TO:<user@example.com>',
    'Subject: Hello',
    'A line',
  ]) {
    assert.ok(told.includes(line), line);
  }
});

test('a mail server that is away is a 503, soon', async () => {
  const mailer = createMailer({ smtpUrl: 'smtp://127.0.0.1:1', from, folder: '/nowhere' });
  await assert.rejects(mailer.send(mail), { code: 'unavailable' });
  await mailer.close();
});

test('without a server it is a file only its owner reads', async () => {
  const folder = join(throwawayFolder(), 'mail');
  const mailer = createMailer({ smtpUrl: undefined, from, folder });
  await mailer.send(mail);
  const [name, ...more] = await readdir(folder);
  assert.equal(more.length, 0);
  assert.match(name!, /\.eml$/);
  assert.equal((await stat(join(folder, name!))).mode & 0o777, 0o600);
});
