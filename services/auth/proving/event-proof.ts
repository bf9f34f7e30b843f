// A proof for a third party that one event was sealed: the event, its way up the Merkle tree, the signed statement with
// the root, and the key (docs/reference/audit-seals.md). Checking it takes no database.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { canonicalJson } from '../audit/canonical-json.ts';
import { hashLeaf, rootOfPath } from '../audit/merkle-tree.ts';
import { hashPersonal } from '../audit/personal-hash.ts';
import { hashSeal, isSignedBy, readSeal, type SealStatement } from '../audit/seal.ts';
import { PublicJwk } from '../crypto/signing-key.ts';
import type { TrustedKeys } from './trusted-keys.ts';

const strict = { additionalProperties: false } as const;
const textOrNull = Type.Union([Type.String(), Type.Null()]);
const hash = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const EventProof = Type.Object(
  {
    type: Type.Literal('pi-audit-proof'),
    v: Type.Literal(1),
    /** Every member of it is proven. */
    event: Type.Object({ id: Type.String(), at: Type.String(), personal_hash: textOrNull }),
    /** Null: the proof does not tell of the person. */
    personal: Type.Union([
      Type.Object(
        { data: Type.Unknown(), ip: textOrNull, salt: Type.String(), user_agent: textOrNull },
        strict,
      ),
      Type.Null(),
    ]),
    index: Type.Integer({ minimum: 0 }),
    count: Type.Integer({ minimum: 1 }),
    /** The neighbours from the leaf up. */
    path: Type.Array(hash, { maxItems: 64 }),
    seal: Type.Object({ statement: Type.String(), signature: Type.String() }, strict),
    key: PublicJwk,
  },
  strict,
);
export type EventProof = Static<typeof EventProof>;

export type CheckedProof =
  | { readonly kind: 'holds'; readonly proof: EventProof; readonly statement: SealStatement }
  | { readonly kind: 'refused'; readonly why: string };

const refused = (why: string): CheckedProof => ({ kind: 'refused', why });

/** `choose`: whom to trust, told the key that the proof names. */
export function checkProof(json: unknown, choose: (claimed: PublicJwk) => TrustedKeys): CheckedProof {
  if (!Value.Check(EventProof, json)) return refused('it is no proof of this version');
  const { event, personal, index, count, path, seal, key } = json;
  const read = readSeal(seal.statement, Buffer.from(seal.signature, 'base64url'));
  if (read?.statement.kind !== 'events') return refused('its statement is none of a seal of events');
  const { statement, text, signature } = read;
  const root = rootOfPath(
    hashLeaf(canonicalJson(event)),
    { index, count },
    path.map((node) => Buffer.from(node, 'hex')),
  );
  if (root?.toString('hex') !== statement.root || count !== statement.count) {
    return refused('the event is not the one that the seal holds');
  }
  const trusted = choose(key).find(statement.kid);
  if (trusted === undefined) return refused(`the seal’s key ${statement.kid} is not trusted`);
  if (!isSignedBy(hashSeal(text), signature, trusted)) return refused('the seal is not signed by its key');
  if (personal !== null) {
    const { salt, ip, user_agent: userAgent, data } = personal;
    const isOwn = hashPersonal({ ip, userAgent, data }, salt) === event.personal_hash;
    if (!isOwn) return refused('what it tells of the person is not what the event commits to');
  }
  return { kind: 'holds', proof: json, statement };
}
