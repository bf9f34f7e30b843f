import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeSealedLog, type SealedLog } from '../services/auth/testing/sealed-log.ts';
import { callPi, type Ended } from './testing/run-pi.ts';

let log: SealedLog;
let folder: string;
let exported: string;
let keys: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pi-verify-'));
  log = await makeSealedLog();
  await log.write(40);
  await log.seal();
  await log.write(20);
  await log.seal();
  await log.write(3);
  [exported, keys] = [join(folder, 'log.ndjson'), join(folder, 'keys.json')];
  assert.equal((await pi('export', exported)).code, 0);
  await writeFile(keys, (await pi('keys')).out);
});
after(async () => {
  await log.close();
  await rm(folder, { recursive: true, force: true });
});

const pi = (...args: readonly string[]) => callPi(['audit', ...args], log.env);
/** Without anything of the service: no settings, no database. */
const elsewhere = (...args: readonly string[]) => callPi(['audit', ...args]);

type Told = {
  holds: boolean;
  finding: { kind: string; event: string | null; seal: number | null } | null;
  events: number;
  unsealed: number;
  keys: string;
  anchors: { count: number; newest: number } | null;
};

function told({ code, out, err }: Ended, expectedCode: number): Told {
  assert.equal(code, expectedCode, out + err);
  return JSON.parse(out) as Told;
}

/** What `work` sees is committed, and taken back by `undo`. */
async function changed<T>(
  change: string,
  undo: string,
  values: unknown[],
  work: () => Promise<T>,
): Promise<T> {
  await log.superuser.query(change, values);
  try {
    return await work();
  } finally {
    await log.superuser.query(undo, values);
  }
}

describe('in the database', () => {
  test('a log that nobody touched holds; its young events are counted as not yet sealed', async () => {
    const { holds, events, unsealed, keys, anchors } = told(await pi('verify', '--json'), 0);
    assert.deepEqual(
      { holds, events, unsealed, keys, anchors },
      // Three, and that of the export.
      { holds: true, events: 60, unsealed: 4, keys: 'master_key', anchors: { count: 2, newest: 2 } },
    );
  });

  test('an edited event is named, and the exit code is 1', async () => {
    const id = (await log.ids())[7]!;
    const [edit, undo] = ["'denied'", "'success'"].map(
      (one) => `update audit_log set outcome = ${one} where id = $1`,
    );
    await changed(edit!, undo!, [id], async () => {
      assert.deepEqual(told(await pi('verify', '--json'), 1).finding?.event, id);
      const { out, err } = await pi('verify');
      assert.match(out, new RegExp(`^THE LOG DOES NOT HOLD: event_edited: event ${id}, seal 1$`, 'm'));
      assert.equal(err, 'pi: the audit log does not hold (event_edited)\n');
    });
  });

  test('seals that were cut off after an anchor are told of; without anchors they would not be', async () => {
    await log.superuser.query('create table kept as select * from audit_seals where number = 2');
    await changed(
      'delete from audit_seals where number = 2',
      'insert into audit_seals select * from kept',
      [],
      async () => {
        const { finding } = told(await pi('verify', '--json'), 1);
        assert.deepEqual([finding?.kind, finding?.seal], ['tail_missing', 2]);
        assert.equal(told(await pi('verify', '--no-anchors', '--json'), 0).anchors, null);
      },
    );
  });

  test('what cannot be verified ends with 3', async () => {
    const { code, err } = await callPi(['audit', 'verify'], { DATABASE_URL: 'postgres://pi@127.0.0.1:1/pi' });
    assert.equal(code, 3);
    assert.match(err.trim(), /^pi: [^\n]+$/);
  });
});

describe('an export', () => {
  const verify = (...args: readonly string[]) => elsewhere('verify', '--file', exported, '--json', ...args);

  /** A copy in which some text stands instead of other. */
  async function tampered(change: (text: string) => string): Promise<string> {
    const path = join(folder, 'tampered.ndjson');
    const text = await readFile(exported, 'utf8');
    assert.notEqual(change(text), text);
    await writeFile(path, change(text));
    return path;
  }
  const verifyTampered = async (change: (text: string) => string) =>
    told(await elsewhere('verify', '--json', '--keys', keys, '--file', await tampered(change)), 1).finding;

  test('holds by public keys alone, given, pinned or shown by anchors, and says by which', async () => {
    const pin = (await pi('keys', '--thumbprints')).out.trim();
    assert.equal(told(await verify('--keys', keys), 0).keys, 'given');
    assert.equal(told(await verify('--pin', pin), 0).keys, 'pinned');
    assert.equal(told(await verify('--anchors', log.anchorsPath), 0).keys, 'anchors');
    const { keys: by, events, unsealed } = told(await verify(), 0);
    assert.deepEqual([by, events, unsealed], ['log', 60, 4]);
  });

  test('does not hold by another key', async () => {
    const { x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
    const { keys: own } = JSON.parse(await readFile(keys, 'utf8')) as { keys: object[] };
    const foreign = join(folder, 'foreign.json');
    await writeFile(foreign, JSON.stringify({ keys: [{ ...own[0], x, y }] }));
    for (const args of [
      ['--keys', foreign],
      ['--pin', 'x'.repeat(43)],
    ]) {
      const { finding } = told(await verify(...args), 1);
      assert.deepEqual([finding?.kind, finding?.seal], ['seal_forged', 1]);
    }
  });

  test('an edited, a deleted, a repeated and a moved line are found', async () => {
    const ids = await log.ids();
    const lineOf = (text: string, id: string) =>
      text.split('\n').find((line) => line.includes(`"id":"${id}"`))!;
    const edited = await verifyTampered((text) => {
      const line = lineOf(text, ids[3]!);
      return text.replace(line, line.replace('"outcome":"success"', '"outcome":"failure"'));
    });
    assert.deepEqual([edited?.kind, edited?.event], ['event_edited', ids[3]]);
    const more = await verifyTampered((text) => {
      const line = lineOf(text, ids[3]!);
      return text.replace(line, line.replace('"tx":', '"more":1,"tx":'));
    });
    assert.deepEqual([more?.kind, more?.event], ['file_damaged', ids[3]]);
    const deleted = await verifyTampered((text) => text.replace(`${lineOf(text, ids[45]!)}\n`, ''));
    assert.deepEqual([deleted?.kind, deleted?.event], ['event_deleted', ids[45]]);
    const repeated = await verifyTampered((text) => {
      const line = lineOf(text, ids[9]!);
      return text.replace(line, `${line}\n${line}`);
    });
    assert.deepEqual([repeated?.kind, repeated?.event], ['event_moved', ids[9]]);
    const moved = await verifyTampered((text) => {
      const line = lineOf(text, ids[2]!);
      return text.replace(`${line}\n`, '').replace(lineOf(text, ids[20]!), `$&\n${line}`);
    });
    assert.deepEqual([moved?.kind, moved?.event], ['event_moved', ids[2]]);
  });

  test('a file that was cut off is no whole export', async () => {
    const finding = await verifyTampered((text) => text.slice(0, text.lastIndexOf('{"type":"end"')));
    assert.equal(finding?.kind, 'file_damaged');
  });

  test('seals that were left out show by an anchor', async () => {
    const path = await tampered((text) => {
      const kept = text.split('\n');
      const from = kept.findIndex((line) => line.startsWith('{"type":"seal","number":2'));
      return [...kept.slice(0, from), '{"type":"end","at":"","events":40,"seals":1}', ''].join('\n');
    });
    assert.equal(told(await elsewhere('verify', '--json', '--keys', keys, '--file', path), 0).holds, true);
    const late = join(folder, 'late-anchors.ndjson');
    // As if they had been made long before the export.
    const anchors = (await readFile(log.anchorsPath, 'utf8')).replaceAll(/"at":"\d{4}/g, '"at":"2020');
    await writeFile(late, anchors);
    const args = ['--json', '--keys', keys, '--anchors', late, '--file', path];
    const { finding } = told(await elsewhere('verify', ...args), 1);
    assert.deepEqual([finding?.kind, finding?.seal], ['tail_missing', 2]);
  });

  test('what is no export, and a file that is not there, end with 3', async () => {
    for (const file of [keys, join(folder, 'none')]) {
      const { code, err } = await elsewhere('verify', '--file', file);
      assert.equal(code, 3);
      assert.match(err, /^pi: cannot read [^\n]+\n$/);
    }
  });
});

describe('a proof of one event', () => {
  test('holds anywhere, with the person only when asked for', async () => {
    const id = (await log.ids())[12]!;
    const path = join(folder, 'proof.json');
    for (const args of [[], ['--personal']]) {
      const { code, out, err } = await pi('prove', id, ...args);
      assert.equal(code, 0, err);
      assert.equal(out.includes('192.0.2.'), args.length > 0);
      await writeFile(path, out);
      const checked = await elsewhere('check-proof', path, '--keys', keys);
      assert.deepEqual([checked.code, checked.err], [0, '']);
      assert.match(checked.out, new RegExp(`^the proof holds: event ${id} of .* stands in seal 1 of `));
    }
    const unknown = await elsewhere('check-proof', path);
    assert.match(unknown.out, /compare its thumbprint [\w-]{43}\n$/);
  });

  test('does not hold once anything in it was changed', async () => {
    const { out } = await pi('prove', (await log.ids())[12]!, '--personal');
    type Proof = { event: { outcome: string }; index: number; path: string[]; personal: { ip: string } };
    const changes: ((proof: Proof) => void)[] = [
      ({ event }) => (event.outcome = 'denied'),
      ({ event }) => Object.assign(event, { more: 1 }),
      (proof) => proof.index++,
      ({ path }) => path.pop(),
      ({ path }) => (path[0] = '00'.repeat(32)),
      ({ personal }) => (personal.ip = '203.0.113.1'),
    ];
    for (const change of changes) {
      const proof = JSON.parse(out) as Proof;
      change(proof);
      const path = join(folder, 'changed.json');
      await writeFile(path, JSON.stringify(proof));
      const { code, err } = await elsewhere('check-proof', path, '--keys', keys);
      assert.equal(code, 1, String(change));
      assert.match(err, /^pi: the proof does not hold: /);
    }
    const pinned = join(folder, 'sound.json');
    await writeFile(pinned, out);
    const { code } = await elsewhere('check-proof', pinned, '--pin', 'x'.repeat(43));
    assert.equal(code, 1);
  });

  test('is refused for an event that is unknown, and for one that no seal holds yet', async () => {
    const young = (await log.ids()).at(-1)!;
    assert.match((await pi('prove', young)).err, /^pi: no seal holds the event yet/);
    const unknown = `${young.slice(0, -4)}0000`;
    assert.match((await pi('prove', unknown)).err, /^pi: there is no such event/);
    assert.equal((await pi('prove', 'nothing')).code, 2);
  });
});
