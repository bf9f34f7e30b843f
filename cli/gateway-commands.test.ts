import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { CommanderError } from 'commander';
import { describeFailure } from './cli-error.ts';
import { createProgram } from './create-program.ts';
import { inspectGatewayFile } from './doctor/inspect-gateway-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'pi-gateway-commands-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, ...routes: readonly string[]): string {
  const path = join(folder, name);
  const lines = routes.map((route) => `  - { service: up, ${route} }\n`).join('');
  writeFileSync(path, `services: { up: { targets: [http://10.0.0.5:9000] } }\nroutes:\n${lines}`);
  return path;
}

const old = file('old.yaml', 'path: /api/*', 'path: /api/admin/*, access: { roles: [admin] }');
const open = file('open.yaml', 'path: /api/*');
const closed = file(
  'closed.yaml',
  'path: /api/*, access: { roles: [admin] }',
  'path: /api/admin/*, access: { roles: [admin] }',
);
const wrong = file('wrong.yaml', 'path: api', 'pth: /x');

async function pi(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const io = {
    env: { GATEWAY_CONFIG: old },
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    progress: () => {},
    stdin: process.stdin,
  };
  try {
    await createProgram(io).parseAsync(['gateway', ...args], { from: 'user' });
    return { code: 0, out, err };
  } catch (error) {
    if (error instanceof CommanderError) return { code: 2, out, err };
    const { exitCode, message } = describeFailure(error);
    return { code: exitCode, out, err: err + message };
  }
}

describe('pi gateway diff', () => {
  test('ends with 1 when somebody gets in who did not, and says who', async () => {
    const { code, out } = await pi('diff', old, open);
    assert.equal(code, 1);
    assert.equal(
      out,
      [
        '! WEAKER /api/admin/* [all methods]',
        '      /api/admin/* (roles: admin) \u2192 /api/* (authenticated)',
        '      e.g. GET http://any-host/api/admin',
        '',
      ].join('\n'),
    );
  });

  test('ends with 0 for what opens nothing, unless it is asked to be strict', async () => {
    assert.equal((await pi('diff', old, closed)).code, 0);
    assert.equal((await pi('diff', old, closed, '--strict')).code, 1);
    const same = await pi('diff', old, old, '--strict');
    assert.deepEqual([same.code, same.out], [0, 'no request is treated differently\n']);
  });

  test('ends with 3 and all mistakes when a file is wrong', async () => {
    const { code, err } = await pi('diff', old, wrong);
    assert.equal(code, 3);
    assert.match(
      err,
      /wrong\.yaml:3:26: path api: must begin with \/\n[^]*wrong\.yaml:4:20: unknown key "pth"/,
    );
  });

  test('is one JSON document for programs', async () => {
    const { out } = await pi('diff', old, open, '--json');
    const { opens, routes, services } = JSON.parse(out) as {
      opens: boolean;
      routes: { kind: string }[];
      services: unknown[];
    };
    assert.deepEqual([opens, routes.map(({ kind }) => kind), services], [true, ['weaker'], []]);
  });
});

describe('pi gateway explain', () => {
  test('names the route, why it is this one, the checks and the target', async () => {
    const { code, out } = await pi('explain', 'get', 'http://any.test/api/admin/x?q=1');
    assert.equal(code, 0);
    const said = out.split('\n');
    for (const line of [
      'route    /api/admin/* in line 4',
      'because  its path is more specific than that of /api/* in line 3',
      'path     /api/admin/x',
      'checks   access roles: admin',
      '         body_limit_bytes 10485760',
      'goes to  up: /api/admin/x?q=1',
      '         http://10.0.0.5:9000',
    ]) {
      assert.ok(said.includes(line), `${line}\nis not in\n${out}`);
    }
  });

  test('shows a path as the gateway would see it, not as a parser mends it', async () => {
    assert.equal(
      (await pi('explain', 'GET', 'http://a/api/../admin')).out,
      '400 malformed_request: The path holds a dot segment.\n',
    );
    assert.equal(
      (await pi('explain', 'GET', '/nope')).out,
      '404 not_found: no route is for this host and path\n',
    );
    assert.equal((await pi('explain', 'GET', '/verify')).out, '/verify is answered by the gateway itself\n');
  });

  test('takes the host and headers, and another file', async () => {
    const hosts = file('hosts.yaml', 'host: a.test, path: /x', 'path: /x, headers: { x-v: "2" }');
    const line = async (...args: string[]) => {
      const { out } = await pi('explain', 'GET', ...args, '--file', hosts, '--json');
      const found = JSON.parse(out) as { line?: number; code?: string };
      return found.line ?? found.code;
    };
    assert.equal(await line('/x', '--host', 'A.test.'), 3);
    assert.equal(await line('/x', '--header', 'X-V:2', '--header', 'y: z'), 4);
    assert.equal(await line('https://b.test/x'), 'not_found');
  });

  test('ends with 2 for what is no URL or no header', async () => {
    assert.equal((await pi('explain', 'GET', 'api')).code, 2);
    assert.equal((await pi('explain', 'GET', '/api', '--header', 'nothing')).code, 2);
  });

  test('ends with 2 for a method and a host that no request to the gateway can have', async () => {
    for (const args of [
      ['GET /x', '/api'],
      ['FOO', '/api'],
      ['GET', '/api', '--host', 'a b'],
      ['GET', 'http://user:secret@a/api'],
      ['GET', 'http:///api'],
      ['GET', 'http://a:0/api'],
      ['GET', '/api', '--host', 'a:65536'],
    ]) {
      assert.equal((await pi('explain', ...args)).code, 2, args.join(' '));
    }
    assert.equal((await pi('explain', 'trace', 'http://[::1]:80/api')).code, 0);
  });
});

test('pi gateway check tells every mistake of a file, as JSON too', async () => {
  const { code, out } = await pi('check', wrong, '--json');
  const { valid, errors } = JSON.parse(out) as { valid: boolean; errors: string[] };
  assert.deepEqual([code, valid, errors.length], [1, false, 3]);
});

test('pi gateway check, and pi doctor, count one as one', async () => {
  assert.equal((await pi('check', open)).out, `${open}: valid, 1 service, 1 route\n`);
  assert.equal((await pi('check', old)).out, `${old}: valid, 1 service, 2 routes\n`);
  const { detail } = inspectGatewayFile({ env: { GATEWAY_CONFIG: open } });
  assert.equal(detail, '1 route');
});
