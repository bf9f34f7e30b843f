// What a database superuser may do to a sealed log, one way each, and what a verification must then name.

import { generateKeyPairSync, randomInt, randomUUID, sign } from 'node:crypto';
import { canonicalJson } from '@pi-gateway/auth/audit/canonical-json.ts';
import { hashSeal } from '@pi-gateway/auth/audit/seal.ts';
import type { FindingKind } from '@pi-gateway/auth/proving/finding.ts';
import type { Client } from 'pg';

export type Row = { readonly id: string; readonly tx: number; readonly hasPerson: boolean };

export type Expected = {
  readonly kinds: readonly FindingKind[];
  /** Any of these is named. */
  readonly events?: readonly string[];
  readonly seals?: readonly number[];
};

export type Tampering = {
  readonly name: string;
  /** The log's own public key is gone: only the master key still opens it. */
  readonly needsMasterKey?: boolean;
  /** Changes the log inside the transaction of `client`. */
  readonly tamper: (client: Client, rows: readonly Row[]) => Promise<Expected>;
};

const oneOf = <T>(items: readonly T[]): T => items[randomInt(items.length)]!;
const newId = () => randomUUID().replace(/^(.{14})./, '$17');

const edits = [
  `event = case event when 'logout' then 'login.failed' else 'logout' end`,
  `outcome = case outcome when 'denied' then 'failure' else 'denied' end`,
  `at = at + interval '1 microsecond'`,
  'actor_id = gen_random_uuid()',
  'target_id = null',
  'session_id = gen_random_uuid()',
  `request_id = request_id || 'x'`,
  `data = data || '{"more":1}'`,
  'personal_hash = sha256(uuid_send(gen_random_uuid()))',
];

const personEdits = [
  `ip = '203.0.113.9'`,
  `user_agent = user_agent || ' '`,
  `data = '{"account":"another"}'`,
  'salt = uuid_send(gen_random_uuid())',
];

async function countSeals(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>('select max(number) as count from audit_seals');
  return rows[0]!.count;
}

type SealRow = { readonly number: number; readonly statement: string; readonly signature: Buffer };

function foreignKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signText = (text: string) =>
    sign('sha256', hashSeal(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return { signText, jwk: publicKey.export({ format: 'jwk' }) };
}

async function addKey(client: Client, kid: string, jwk: object): Promise<void> {
  await client.query('insert into audit_keys values ($1, $2, $3, clock_timestamp())', [
    kid,
    { ...jwk, kid, alg: 'ES256', use: 'sig' },
    Buffer.alloc(150),
  ]);
}

/** Signs the seals from `from` on anew, each with what it must say of the one before. */
async function signAnew(
  client: Client,
  from: number,
  kid: string | undefined,
  signText: (text: string) => Buffer,
): Promise<void> {
  const { rows } = await client.query<SealRow>(
    'select number, statement, signature from audit_seals where number >= $1 order by number',
    [from - 1],
  );
  let before = rows.find(({ number }) => number === from - 1);
  for (const row of rows.filter(({ number }) => number >= from)) {
    const statement = canonicalJson({
      ...(JSON.parse(row.statement) as object),
      ...(kid === undefined ? {} : { kid }),
      previous_hash: before === undefined ? '' : hashSeal(before.statement).toString('hex'),
      previous_signature: before?.signature.toString('base64url') ?? '',
    });
    before = { number: row.number, statement, signature: signText(statement) };
    await client.query('update audit_seals set statement = $2, signature = $3 where number = $1', [
      row.number,
      statement,
      before.signature,
    ]);
  }
}

export const tamperings: readonly Tampering[] = [
  {
    name: 'edit',
    async tamper(client, rows) {
      const { id } = oneOf(rows);
      await client.query(`update audit_log set ${oneOf(edits)} where id = $1`, [id]);
      return { kinds: ['event_edited', 'person_edited'], events: [id] };
    },
  },
  {
    name: 'edit what tells of a person',
    async tamper(client, rows) {
      const { id } = oneOf(rows.filter(({ hasPerson }) => hasPerson));
      await client.query(`update audit_personal set ${oneOf(personEdits)} where id = $1`, [id]);
      return { kinds: ['person_edited'], events: [id] };
    },
  },
  {
    name: 'delete',
    async tamper(client, rows) {
      const { id } = oneOf(rows);
      await client.query('delete from audit_log where id = $1', [id]);
      return { kinds: ['event_deleted'], events: [id] };
    },
  },
  {
    name: 'delete what tells of a person',
    async tamper(client, rows) {
      const { id } = oneOf(rows.filter(({ hasPerson }) => hasPerson));
      await client.query('delete from audit_personal where id = $1', [id]);
      return { kinds: ['person_deleted'], events: [id] };
    },
  },
  {
    name: 'insert',
    async tamper(client, rows) {
      // After the last one nothing is sealed yet.
      const [at, like] = [oneOf(rows.slice(0, -1)), oneOf(rows)];
      const id = `${at.id.slice(0, 18)}-${newId().slice(19)}`;
      await client.query(
        `insert into audit_log select $1, $2, at, event, outcome, actor_id, target_id, session_id, request_id, data
          from audit_log where id = $3`,
        [id, at.tx - randomInt(2), like.id],
      );
      return { kinds: ['event_inserted'], events: [id] };
    },
  },
  {
    name: 'insert before all that there is',
    async tamper(client, rows) {
      const [id, like] = [newId(), oneOf(rows)];
      await client.query(
        `insert into audit_log select $1, $2, at, event, outcome, actor_id, target_id, session_id, request_id, data
          from audit_log where id = $3`,
        [id, -randomInt(2 ** 40), like.id],
      );
      return { kinds: ['event_inserted'], events: [id] };
    },
  },
  {
    name: 're-order',
    async tamper(client, rows) {
      const one = oneOf(rows);
      const other = oneOf(rows.filter(({ tx }) => tx !== one.tx));
      await client.query(
        'update audit_log set tx = case id when $1 then $4::bigint else $2::bigint end where id in ($1, $3)',
        [one.id, one.tx, other.id, other.tx],
      );
      return { kinds: ['event_moved', 'event_edited'], events: [one.id, other.id] };
    },
  },
  {
    name: 'truncate: the last events',
    async tamper(client, rows) {
      const at = randomInt(rows.length);
      const { tx, id } = rows[at]!;
      await client.query('delete from audit_log where (tx, id) >= ($1, $2)', [tx, id]);
      return { kinds: ['event_deleted'], events: [id] };
    },
  },
  {
    name: 'truncate: the last events with their seals',
    async tamper(client) {
      const from = 1 + randomInt(await countSeals(client));
      await client.query(
        `delete from audit_log where (tx, id) > (select coalesce(max((statement::json ->> 'through_tx')::bigint), 0),
          coalesce(max(statement::json ->> 'through_id'), '00000000-0000-0000-0000-000000000000')::uuid
          from audit_seals where number = $1)`,
        [from - 1],
      );
      await client.query('delete from audit_seals where number >= $1', [from]);
      return { kinds: ['tail_missing'], seals: [from] };
    },
  },
  {
    name: 'truncate: everything',
    async tamper(client, rows) {
      await client.query('truncate audit_log');
      return { kinds: ['event_deleted'], events: [rows[0]!.id] };
    },
  },
  {
    name: 'seal removed',
    async tamper(client) {
      const number = 1 + randomInt(await countSeals(client));
      await client.query('delete from audit_seals where number = $1', [number]);
      return { kinds: ['seal_missing', 'tail_missing'], seals: [number] };
    },
  },
  {
    name: 'seal signed anew by a foreign key',
    async tamper(client) {
      const number = 1 + randomInt(await countSeals(client));
      const { signText } = foreignKey();
      const { rows } = await client.query<SealRow>('select statement from audit_seals where number = $1', [
        number,
      ]);
      await client.query('update audit_seals set signature = $2 where number = $1', [
        number,
        signText(rows[0]!.statement),
      ]);
      return { kinds: ['seal_forged'], seals: [number] };
    },
  },
  {
    name: 'all seals from one on signed anew by a key put among the log’s',
    async tamper(client) {
      const number = 1 + randomInt(await countSeals(client));
      const { signText, jwk } = foreignKey();
      const kid = newId();
      await addKey(client, kid, jwk);
      await signAnew(client, number, kid, signText);
      return { kinds: ['seal_forged'], seals: [number] };
    },
  },
  {
    name: 'all seals from one on signed anew by a key that took the place of the log’s',
    needsMasterKey: true,
    async tamper(client) {
      const number = 1 + randomInt(await countSeals(client));
      const { signText, jwk } = foreignKey();
      await client.query('update audit_keys set public_jwk = public_jwk || $1', [{ x: jwk.x, y: jwk.y }]);
      await signAnew(client, number, undefined, signText);
      return { kinds: ['seal_forged'], seals: [number] };
    },
  },
];
