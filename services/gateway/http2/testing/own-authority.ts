// For tests: a certificate for 127.0.0.1, and the file of the authority that signed it, which is removed after the
// tests. Call it once at the top of the file: it registers the hook.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { makeAuthority } from '../../../../launch/testing/certificates.ts';

export type OwnAuthority = {
  /** For `ca_file`. */
  readonly ca: string;
  /** As `createSecureServer` takes it. */
  readonly identity: { readonly cert: string; readonly key: string };
};

export function ownAuthority(): OwnAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'pi-authority-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const authority = makeAuthority();
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.certificate);
  const { certificate: cert, key } = authority.issue({ names: ['127.0.0.1'] });
  return { ca, identity: { cert, key } };
}
