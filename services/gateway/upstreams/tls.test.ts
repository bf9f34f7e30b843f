import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { type Answer, assertProblem, exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { type Certificate, makeAuthority } from '../../../launch/testing/certificates.ts';
import { loadConfig } from '../routing/load-config.ts';
import { loggedExchange } from '../testing/logged-exchange.ts';
import { RawClient } from '../testing/raw-client.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';

const folder = mkdtempSync(join(tmpdir(), 'pi-tls-'));
const ours = makeAuthority('ours');
const others = makeAuthority('others');
let seen: { readonly path: string; readonly client: string | undefined }[] = [];
const servers: Server[] = [];
let t: TestGateway;

function keep(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A service over TLS; `mutual`: it asks for a certificate that ours has signed. */
async function serve({ certificate, key }: Certificate, mutual = false): Promise<string> {
  const trust = mutual ? { requestCert: true, rejectUnauthorized: true, ca: ours.certificate } : {};
  const server = createServer({ cert: certificate, key, ...trust }, (req, res) => {
    const { CN: client } = (req.socket as TLSSocket).getPeerCertificate().subject ?? {};
    seen.push({ path: req.url!, client: client as string | undefined });
    res.end('ok');
  });
  server.on('upgrade', (_req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.pipe(socket);
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

before(async () => {
  const ca = keep('ca.pem', ours.certificate);
  const client = ours.issue({ names: ['the gateway'] });
  const pair = `client_cert_file: "${keep('client.pem', client.certificate)}", client_key_file: "${keep('client.key', client.key)}"`;
  const good = await serve(ours.issue({ names: ['127.0.0.1'] }));
  const named = await serve(ours.issue({ names: ['orders.internal'] }));
  const expired = await serve(
    ours.issue({ names: ['127.0.0.1'], notAfter: new Date('2024-01-01T00:00:00Z') }),
  );
  const mutual = await serve(ours.issue({ names: ['127.0.0.1'] }), true);
  const selfMade = await serve(others.issue({ names: ['127.0.0.1'] }));
  keep('renewed.pem', others.certificate);
  const services = {
    good: `targets: ["${good}"], tls: { ca_file: "${ca}" }, health: { path: /health, interval_ms: 100 }`,
    unknown: `targets: ["${good}"]`,
    foreign: `targets: ["${selfMade}"], tls: { ca_file: "${ca}" }`,
    misnamed: `targets: ["${named}"], tls: { ca_file: "${ca}" }`,
    named: `targets: ["${named}"], tls: { ca_file: "${ca}", server_name: orders.internal }`,
    expired: `targets: ["${expired}"], tls: { ca_file: "${ca}" }`,
    mutual: `targets: ["${mutual}"], tls: { ca_file: "${ca}", ${pair} }`,
    nameless: `targets: ["${mutual}"], tls: { ca_file: "${ca}" }`,
    plain: `targets: ["${good.replace('https', 'http')}"]`,
    renewed: `targets: ["${good}"], tls: { ca_file: "${join(folder, 'renewed.pem')}" }`,
  };
  const names = Object.keys(services);
  t = await startTestGateway(`services:
${Object.entries(services)
  .map(([name, text]) => `  ${name}: { ${text} }\n`)
  .join('')}routes:
${names.map((name) => `  - { path: /${name}, service: ${name}, access: public }\n`).join('')}`);
});
after(async () => {
  await t.close();
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  seen = [];
});

async function ask(path: string): Promise<Answer> {
  const bytes = await exchange(t.port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  return readAnswers(bytes)[0]!;
}

describe('a service over TLS', () => {
  test('is reached when the authority it names has signed its certificate', async () => {
    assert.equal((await ask('/good')).body, 'ok');
    assert.equal((await ask('/named')).body, 'ok');
  });

  test('takes a WebSocket', async () => {
    const client = await RawClient.open(t.port);
    client.send('GET /good HTTP/1.1', 'Host: a', 'Connection: upgrade', 'Upgrade: websocket');
    await client.see(/101 Switching Protocols[^]*\r\n\r\n/);
    client.write('ping');
    await client.see(/ping$/);
    client.close();
  });

  test('is asked for its health over TLS too', async () => {
    await until('a check', () => seen.some(({ path }) => path === '/health'));
    assert.equal((await ask('/good')).status, 200);
  });

  test('is shown our certificate when it asks for one', async () => {
    assert.equal((await ask('/mutual')).body, 'ok');
    assert.deepEqual(
      seen.find(({ path }) => path === '/mutual'),
      { path: '/mutual', client: 'the gateway' },
    );
  });
});

describe('nothing is sent, and the log tells why, when its certificate', () => {
  for (const [path, what, reason] of [
    ['/unknown', 'is signed by an authority that nobody knows', 'tls_unknown_issuer'],
    ['/foreign', 'is signed by another authority than the one named', 'tls_unknown_issuer'],
    ['/misnamed', 'is for another name', 'tls_wrong_name'],
    ['/expired', 'is out of date', 'tls_expired'],
  ] as const) {
    test(what, async () => {
      const answer = await ask(path);
      assertProblem(answer, 502, 'upstream_unreachable');
      assert.equal((await loggedExchange(t.accessLogPath, answer)).reason, reason);
      assert.equal(
        seen.some((request) => request.path === path),
        false,
      );
    });
  }

  test('and no variable of the environment makes it otherwise', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      assertProblem(await ask('/unknown'), 502, 'upstream_unreachable');
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });
});

test('a service that wants our certificate and gets none is a 502', async () => {
  const answer = await ask('/nameless');
  assertProblem(answer, 502, 'upstream_invalid');
  // undici does not tell of the alert.
  const isTold = process.env['GATEWAY_TRANSPORT'] !== 'undici';
  const { reason } = await loggedExchange(t.accessLogPath, answer);
  assert.equal(reason, isTold ? 'tls_client_refused' : 'closed_without_answer');
});

test('TLS where plain HTTP was expected is a 502', async () => {
  assertProblem(await ask('/plain'), 502, 'upstream_invalid');
});

test('a renewed file is taken up by the next connections', async () => {
  assert.equal((await ask('/renewed')).status, 502);
  keep('renewed.pem', ours.certificate);
  await until('the renewed authority is believed', async () => (await ask('/renewed')).status === 200);
});

test('auth is asked for its keys, and told of refusals, over TLS that only its own files make possible', async () => {
  const { hostname, port } = new URL(t.auth.origin);
  const { certificate, key } = ours.issue({ names: ['auth.internal'] });
  const mutual = { requestCert: true, rejectUnauthorized: true, ca: ours.certificate };
  // Takes TLS off, and hands the plain bytes on to what stands for auth.
  const front = createTlsServer({ cert: certificate, key, ...mutual }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(connect(Number(port), hostname)).pipe(socket);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const origin = `https://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const files = ['ca_file: ca.pem', 'client_cert_file: client.pem', 'client_key_file: client.key'];
  const tls = files.map((file) => file.replace(': ', `: ${folder}/`)).join(', ');
  const own = await startTestGateway(
    `services:\n  auth: { targets: ["${origin}"], tls: { ${tls}, server_name: auth.internal } }
routes:
  - { path: /admin, service: auth, access: { roles: [admin] } }
`,
    { AUTH_URL: 'http://127.0.0.1:1' },
  );
  assert.equal(own.deps.keys.isLoaded, true);
  assert.equal(own.auth.keyFetches, 0);
  const authorization = `Authorization: Bearer ${await t.auth.token()}`;
  const request = ['GET /admin HTTP/1.1', 'Host: a', authorization, 'Connection: close'].join('\r\n');
  assertProblem(readAnswers(await exchange(own.port, `${request}\r\n\r\n`))[0], 403, 'insufficient_role');
  await until('auth is told', () => t.auth.refusals.length === 1);
  await own.close();
  front.close();
});

describe('tls in gateway.yaml is refused', () => {
  const refusals = (tls: string) => {
    const text = `services:\n  up: { targets: [https://a], tls: { ${tls} } }\nroutes: []\n`;
    const loaded = loadConfig(text, {}, (path) => readKept(path));
    return loaded.kind === 'invalid' ? loaded.problems.map(({ message }) => message).join('\n') : 'taken';
  };
  const client = ours.issue({ names: ['a'] });
  const files: Record<string, string> = {
    '/ca.pem': ours.certificate,
    '/client.pem': client.certificate,
    '/client.key': client.key,
    '/other.key': ours.issue({ names: ['b'] }).key,
    '/text': 'no certificate',
  };
  const readKept = (path: string) => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return Buffer.from(content);
  };

  test('with a file that is missing, relative, or something else', () => {
    assert.equal(refusals('ca_file: /ca.pem'), 'taken');
    assert.equal(refusals('ca_file: /gone.pem'), 'ca_file: /gone.pem cannot be read (ENOENT)');
    assert.equal(refusals('ca_file: ca.pem'), 'ca_file must be an absolute path, not ca.pem');
    assert.equal(refusals('ca_file: /text'), 'ca_file: /text holds no certificate in PEM');
  });

  test('with a certificate and a key that are no pair', () => {
    assert.equal(refusals('client_cert_file: /client.pem, client_key_file: /client.key'), 'taken');
    const what = 'client_cert_file and client_key_file';
    assert.equal(refusals('client_cert_file: /client.pem'), `${what} are given together, or neither`);
    assert.equal(
      refusals('client_cert_file: /client.pem, client_key_file: /other.key'),
      `${what}: do not belong together`,
    );
    assert.equal(
      refusals('client_cert_file: /client.pem, client_key_file: /text'),
      `${what}: are not a certificate and an unencrypted key in PEM`,
    );
  });

  test('with a word that would switch verification off: there is none', () => {
    assert.match(refusals('insecure_skip_verify: true'), /unknown key "insecure_skip_verify"/);
  });
});
