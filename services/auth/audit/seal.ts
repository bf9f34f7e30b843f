// A seal: a signed statement about the events since the one before it. The statement is canonical JSON and holds the
// hash and the signature of its predecessor, so that the newest seal holds all of them (docs/reference/audit-seals.md).

import { hash, type KeyObject, sign, verify } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { PublicJwk } from '../crypto/signing-key.ts';
import { canonicalJson } from './canonical-json.ts';

/** Where in the order of the log a seal ends: with the event of this id in this transaction. */
export type Place = { readonly tx: number; readonly id: string };

const strict = { additionalProperties: false } as const;
const hex = Type.String({ pattern: '^[0-9a-f]{64}$' });
const id = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
const whole = Type.Integer({ minimum: 0 });

const frame = {
  v: Type.Literal(1),
  number: whole,
  /** RFC 3339, UTC, by the database's clock. */
  at: Type.String(),
  kid: Type.String(),
  /** Empty in the first seal. */
  previous_hash: Type.String(),
  previous_signature: Type.String(),
  /** The last event that this seal or one before holds. */
  through_tx: whole,
  through_id: id,
};

const EventsSeal = Type.Object(
  {
    ...frame,
    kind: Type.Literal('events'),
    count: whole,
    /** The Merkle root of the events. */
    root: hex,
    /** SHA-256 of the entries that are stored beside the statement. */
    entries: hex,
    /** The highest id, and so about the time of the newest event. */
    newest_id: id,
  },
  strict,
);

/** Another key signs from the next seal on. */
const KeySeal = Type.Object({ ...frame, kind: Type.Literal('key'), jwk: PublicJwk }, strict);

/** Retention removed every event whose id is lower, and the seals up to a number. */
const DropSeal = Type.Object(
  { ...frame, kind: Type.Literal('drop'), before_id: id, through_seal: whole, events: whole },
  strict,
);

const Statement = Type.Union([EventsSeal, KeySeal, DropSeal]);

type Body<S extends SealStatement> = Omit<S, keyof typeof frame>;
export type SealBody =
  | Body<Static<typeof EventsSeal>>
  | Body<Static<typeof KeySeal>>
  | Body<Static<typeof DropSeal>>;

export type SealStatement = Static<typeof Statement>;

export type Seal = {
  /** Exactly as it was signed. */
  readonly text: string;
  readonly statement: SealStatement;
  readonly signature: Buffer;
};

const beforeAll: Place = { tx: 0, id: '00000000-0000-0000-0000-000000000000' };

/** Ids are of one length and lower case: their order is that of their texts. */
export function isAfter(one: Place, other: Place): boolean {
  return one.tx > other.tx || (one.tx === other.tx && one.id > other.id);
}

/** What is signed. */
export function hashSeal(text: string): Buffer {
  return hash('sha256', `pi-audit-seal/v1\n${text}`, 'buffer');
}

/** `previous`: undefined for the first one. `through`: where the events end that are sealed by now. */
export function makeSeal(
  previous: Seal | undefined,
  body: SealBody,
  through: Place,
  signer: { readonly kid: string; readonly privateKey: KeyObject; readonly at: string },
): Seal {
  const statement = {
    ...body,
    v: 1 as const,
    number: (previous?.statement.number ?? 0) + 1,
    at: signer.at,
    kid: signer.kid,
    previous_hash: previous === undefined ? '' : hashSeal(previous.text).toString('hex'),
    previous_signature: previous?.signature.toString('base64url') ?? '',
    through_tx: through.tx,
    through_id: through.id,
  } satisfies SealStatement;
  const text = canonicalJson(statement);
  const signature = sign('sha256', hashSeal(text), { key: signer.privateKey, dsaEncoding: 'ieee-p1363' });
  return { text, statement, signature };
}

/** A stored seal; undefined when its text is no statement, or not canonical. */
export function readSeal(text: string, signature: Buffer): Seal | undefined {
  try {
    const statement: unknown = JSON.parse(text);
    if (!Value.Check(Statement, statement) || canonicalJson(statement) !== text) return undefined;
    return { text, statement, signature };
  } catch {
    return undefined;
  }
}

/** Where the next seal begins. */
export function placeOf(seal: Seal | undefined): Place {
  if (seal === undefined) return beforeAll;
  return { tx: seal.statement.through_tx, id: seal.statement.through_id };
}

/** `hashed`: of a seal's text. */
export function isSignedBy(hashed: Buffer, signature: Buffer, key: KeyObject): boolean {
  return verify('sha256', hashed, { key, dsaEncoding: 'ieee-p1363' }, signature);
}
