import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InboxConditions, isInboxWanted } from './inbox-settings.ts';

const development: InboxConditions = {
  registration: 'verified',
  smtpUrl: undefined,
  host: '127.0.0.1',
  publicUrl: undefined,
};
const wanted = (change: Partial<InboxConditions>) => isInboxWanted({ ...development, ...change });

test('a run that only this machine reaches, with mail in a folder, has an inbox', () => {
  assert.equal(wanted({}), true);
  for (const publicUrl of ['http://localhost:8080', 'http://127.0.0.1', 'http://[::1]:80']) {
    assert.equal(wanted({ publicUrl }), true, publicUrl);
  }
  for (const host of ['::1', 'localhost']) assert.equal(wanted({ host }), true, host);
});

test('any sign of production leaves none', () => {
  for (const change of [
    { registration: 'open' },
    { registration: 'closed' },
    { smtpUrl: 'smtp://mail.example.com' },
    { host: '0.0.0.0' },
    { host: '::' },
    { host: '192.168.0.7' },
    { publicUrl: 'https://login.example.com' },
    { publicUrl: 'http://localhost.example.com' },
    { publicUrl: 'http://192.168.0.7:8080' },
  ]) {
    assert.equal(wanted(change), false, JSON.stringify(change));
  }
});
