import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeAuthority } from '../../../launch/testing/certificates.ts';
import { ClientTls, noTlsFiles } from './client-tls.ts';

const folder = mkdtempSync(join(tmpdir(), 'pi-client-tls-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const caFile = join(folder, 'ca.pem');

test('files are read again when they have changed, and the last good ones stay when that fails', () => {
  writeFileSync(caFile, makeAuthority('first').certificate);
  const stale: unknown[] = [];
  const tls = new ClientTls({ ...noTlsFiles, caFile }, (error) => stale.push(error), 0);
  const first = tls.context(0);
  assert.equal(tls.context(2000), first);
  writeFileSync(caFile, makeAuthority('the second').certificate);
  assert.equal(tls.context(2500), first, 'it is not looked for each connection');
  const second = tls.context(4000);
  assert.notEqual(second, first);
  writeFileSync(caFile, '-----BEGIN CERTIFICATE-----\nhalf writ');
  assert.equal(tls.context(6000), second);
  rmSync(caFile);
  assert.equal(tls.context(8000), second);
  assert.equal(stale.length, 2);
  writeFileSync(caFile, makeAuthority('a third').certificate);
  assert.notEqual(tls.context(10_000), second);
});

test('a start with a file that cannot be used fails', () => {
  assert.throws(() => new ClientTls({ ...noTlsFiles, caFile: join(folder, 'none.pem') }, () => {}));
});
