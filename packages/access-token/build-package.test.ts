import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { buildPackage } from './build-package.ts';
import { startTestIssuer } from './testing/test-issuer.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const temp = mkdtempSync(join(tmpdir(), 'pi-access-token-'));
const service = join(temp, 'service');
const installed = join(service, 'node_modules/@pi-gateway/access-token');
// npm puts the repository's own Node first; a service that installs the package has the machine's.
const path = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((part) => !part.endsWith('node_modules/.bin'));
const env = {
  ...process.env,
  PATH: [...path, dirname(process.execPath)].join(delimiter),
  npm_config_cache: join(temp, 'cache'),
  npm_config_offline: 'true',
};

before(async () => {
  buildPackage(join(temp, 'dist'));
  await run('npm', ['pack', './dist'], { cwd: temp, env });
  const tarball = readdirSync(temp).find((name) => name.endsWith('.tgz')) ?? '';
  await run('npm', ['install', '--prefix', service, join(temp, tarball)], { cwd: temp, env });
});
after(() => rmSync(temp, { recursive: true, force: true }));

describe('the packed package', () => {
  test('installs offline, with no dependency, no TypeScript source and nothing of the tests', () => {
    const files = readdirSync(installed, { recursive: true }).map(String);
    assert.deepEqual(
      files.filter((name) => /(?<!\.d)\.ts$|test|forge|node_modules/.test(name)),
      [],
    );
    assert.ok(files.includes('README.md') && files.includes('LICENSE'));
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      ['private', 'dependencies', 'devDependencies', 'scripts'].filter((name) => name in manifest),
      [],
    );
    assert.deepEqual(manifest['engines'], { node: '>=20' });
    assert.ok(!existsSync(join(service, 'node_modules/@pi-gateway/uuid')));
  });

  test("verifies tokens from plain JavaScript under the machine's Node, and lets the process end", async () => {
    const auth = await startTestIssuer();
    const script = join(service, 'verify.mjs');
    writeFileSync(
      script,
      `import { createTokenVerifier } from '@pi-gateway/access-token';
       const [issuer, ...tokens] = process.argv.slice(2);
       const { verify } = createTokenVerifier({ issuer });
       const checks = await Promise.all(tokens.map((token) => verify(['Authorization', 'Bearer ' + token])));
       console.log(JSON.stringify(checks.map(({ kind, reason, claims }) => reason ?? claims?.sub ?? kind)));`,
    );
    const sub = '0190b5a0-0000-7000-8000-000000000001';
    const tokens = [await auth.token({ sub }), await auth.token({ lifeSeconds: -60 }), 'rubbish'];
    const { stdout } = await run('node', [script, auth.issuer, ...tokens], { cwd: service, env });
    auth.close();
    assert.deepEqual(JSON.parse(stdout), [sub, 'expired', 'malformed']);
  });

  test('carries types that TypeScript accepts', async () => {
    writeFileSync(
      join(service, 'service.ts'),
      `import { createTokenVerifier, type TokenCheck } from '@pi-gateway/access-token';
       import { createInternalTokenVerifier } from '@pi-gateway/access-token/internal';
       import type { AccessTokenClaims } from '@pi-gateway/access-token/claims';
       import type { InternalTokenClaims } from '@pi-gateway/access-token/internal-token';
       export async function whoCalls(rawHeaders: string[]): Promise<AccessTokenClaims | undefined> {
         const check: TokenCheck = await createTokenVerifier({ issuer: 'https://a.example' }).verify(rawHeaders);
         return check.kind === 'valid' ? check.claims : undefined;
       }
       export async function whoIsTold(rawHeaders: string[]): Promise<InternalTokenClaims | undefined> {
         const identity = createInternalTokenVerifier({ gateway: 'https://a.example', audience: 'orders' });
         const check = await identity.verify(rawHeaders, { method: 'GET' });
         return check.kind === 'valid' ? check.claims : undefined;
       }`,
    );
    const config = {
      compilerOptions: {
        module: 'nodenext',
        strict: true,
        noEmit: true,
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
      },
      files: ['service.ts'],
    };
    writeFileSync(join(service, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', service]).catch((error: { stdout: string }) =>
      assert.fail(error.stdout),
    );
  });
});
