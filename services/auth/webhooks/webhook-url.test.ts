import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWebhookUrl } from './webhook-url.ts';

test('an https URL of a public host is taken as it is', () => {
  for (const url of ['https://hooks.example.com/a?b=c', 'https://1.1.1.1:8443/']) {
    assert.equal(readWebhookUrl(url, false), url);
  }
  assert.equal(readWebhookUrl('http://127.0.0.1:9000/x', true), 'http://127.0.0.1:9000/x');
});

test('everything else is refused, with the reason', () => {
  for (const [url, why] of [
    ['http://hooks.example.com/', /https URL/],
    ['ftp://hooks.example.com/', /https URL/],
    ['hooks.example.com', /https URL/],
    ['https://user:secret@hooks.example.com/', /no user and password/],
    ['https://hooks.example.com/#part', /no fragment/],
    ['https://127.1/', /127\.0\.0\.1 is no public address/],
    ['https://[::1]/', /::1 is no public address/],
    ['https://169.254.169.254/latest', /no public address/],
    [`https://hooks.example.com/${'x'.repeat(2100)}`, /https URL/],
  ] as const) {
    assert.throws(() => readWebhookUrl(url, false), why, url);
  }
  assert.throws(() => readWebhookUrl('ftp://127.0.0.1/', true), /https URL/);
});
