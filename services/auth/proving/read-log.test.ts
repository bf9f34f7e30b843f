import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { type DigestedEvents, digestEvents, idAt } from '../audit/digested-events.ts';
import { hashBytes } from '../audit/merkle-tree.ts';
import { readSnapshot } from '../db/read-snapshot.ts';
import { makeSealedLog, type SealedLog } from '../testing/sealed-log.ts';
import { personAt } from './judge-persons.ts';
import { digestLog, readLog } from './read-log.ts';

let log: SealedLog;
before(async () => {
  log = await makeSealedLog();
});
after(() => log.close());

const odd = [
  '',
  '"',
  '\\',
  '\t',
  '\n\r',
  '\b\f',
  '\u001f\u007f',
  '\u2028\u2029',
  'é',
  '😀',
  '</script>',
  "'",
  '\\u0000',
  '{}',
];
// What PostgreSQL's text can hold.
const text = fc.oneof(
  fc.constantFrom(...odd),
  fc.string({ unit: 'grapheme' }).map((one) => one.replaceAll('\0', '')),
);
// As assertCertainJson lets it in, and fractions: logs of before may hold some.
const name = fc.stringMatching(/^[a-z_.-]{1,8}$/);
const value = fc.oneof(
  text,
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.array(text, { maxLength: 3 }),
);
const data = fc.dictionary(name, value);

async function write(): Promise<void> {
  const rows = fc.sample(
    fc.tuple(text, text, fc.option(text), fc.option(text), fc.option(text), data, fc.option(data)),
    {
      numRuns: 300,
      seed: 7,
    },
  );
  for (const [event, requestId, actor, ip, agent, said, personal] of rows) {
    const id = (await log.superuser.query<{ id: string }>('select uuid_v7(clock_timestamp()) as id')).rows[0]!
      .id;
    await log.superuser.query(
      `insert into audit_log (id, at, event, outcome, actor_id, request_id, data, personal_hash)
        values ($1, now(), $2, 'success', $3, $4, $5, $6)`,
      [id, event, actor === null ? null : id, requestId, said, ip === null ? null : Buffer.alloc(32, 7)],
    );
    if (agent !== null) {
      await log.superuser.query(
        'insert into audit_personal values ($1, uuid_send(gen_random_uuid()), $2, $3, $4)',
        [id, ip, agent, personal],
      );
    }
  }
}

/** One value for each event. */
const list = (events: DigestedEvents) =>
  Array.from({ length: events.count }, (_, i) => ({
    id: idAt(events, i),
    tx: events.txs[i],
    leaf: events.leaves.toString('hex', i * hashBytes, (i + 1) * hashBytes),
    person: personAt(events, i),
    names: events.names.get(i),
  }));

async function readBothWays() {
  const range = { firstSeal: 1, lastSeal: undefined };
  return readSnapshot(log.database.url, async (snapshot) => {
    const [slow, fast]: ReturnType<typeof list>[] = [[], []];
    for await (const part of readLog(snapshot, range)) {
      if (part.kind === 'events') slow!.push(...list(digestEvents(part.events)));
    }
    for await (const part of digestLog(snapshot, range)) {
      if (part.kind === 'events') fast!.push(...list(part.events));
    }
    return { slow: slow!, fast: fast! };
  });
}

test('both ways of reading give every event the same leaf and the same judgement of its person, whatever it holds', async () => {
  await write();
  await log.seal();
  await log.write(60);
  const { slow, fast } = await readBothWays();
  assert.equal(fast.length, 360);
  assert.deepEqual(fast, slow);
  const states = new Set(fast.map(({ person }) => person));
  assert.deepEqual([...states].toSorted(), ['edited', 'gone', 'held', 'inserted', 'none']);
});

test('side rows of no event, more than a page, and an event whose id lies far from its neighbours, change nothing', async () => {
  const { fast: before } = await readBothWays();
  const far = '00000000-0001-7000-8000-000000000001';
  await log.superuser.query(
    `insert into audit_personal select uuid_v7(clock_timestamp()), uuid_send(gen_random_uuid()), null, 'nobody', null
      from generate_series(1, 2000)`,
  );
  await log.write(50);
  await log.superuser.query(
    `with salted as (select uuid_send(gen_random_uuid()) as salt), side as (
        insert into audit_personal select $1, salt, null, 'far', null from salted
      )
      insert into audit_log (id, at, event, outcome, data, personal_hash)
        select $1, now(), 'logout', 'success', '{}', audit_personal_hash(salt, null, 'far', null) from salted`,
    [far],
  );
  await log.write(50);
  const { slow, fast } = await readBothWays();
  assert.equal(fast.length, before.length + 101);
  assert.deepEqual(fast, slow);
  assert.equal(fast.find(({ id }) => id === far)?.person, 'held');
});
