// The anchors that a verification holds a log against: of each its seal's number and hash (some hundred bytes), and of
// each key the first and the last in full, so that their signatures show which keys have signed.

import { hashBytes } from '../audit/merkle-tree.ts';
import { isSignedBy } from '../audit/seal.ts';
import type { PublicJwk } from '../crypto/signing-key.ts';
import type { Anchor } from '../sealing/anchors.ts';
import { readPublicKey, type TrustedKeys } from './trusted-keys.ts';

export type AnchorBook = {
  readonly count: number;
  /** The one of the highest number. */
  readonly newest: Anchor | undefined;
  /** Of the seal of that number; undefined: it was not anchored. */
  readonly hashOf: (number: number) => string | undefined;
  /** Of each key the first and the last. */
  readonly samples: readonly Anchor[];
};

/** `until`: milliseconds; what was anchored later does not count as the newest. */
export async function readAnchorBook(
  anchors: AsyncIterable<Anchor>,
  until = Number.POSITIVE_INFINITY,
): Promise<AnchorBook> {
  const hashes = new Map<number, string>();
  const [firsts, lasts] = [new Map<string, Anchor>(), new Map<string, Anchor>()];
  let newest: Anchor | undefined;
  for await (const anchor of anchors) {
    hashes.set(anchor.number, anchor.hash);
    if (!firsts.has(anchor.kid)) firsts.set(anchor.kid, anchor);
    lasts.set(anchor.kid, anchor);
    const counts = (newest === undefined || anchor.number > newest.number) && Date.parse(anchor.at) <= until;
    if (counts) newest = anchor;
  }
  return {
    count: hashes.size,
    newest,
    hashOf: (number) => hashes.get(number),
    samples: [...new Set([...firsts.values(), ...lasts.values()])],
  };
}

/** Of keys that somebody claims to be those of the log, the ones that signed anchors. */
export function keysOfAnchors({ samples }: AnchorBook, claimed: readonly PublicJwk[]) {
  return new Map(
    claimed.flatMap((jwk) => {
      const key = readPublicKey(jwk);
      const own = samples.filter(({ kid }) => kid === jwk.kid);
      const hasSigned = key !== undefined && own.length > 0 && own.every((anchor) => holds(anchor, key));
      return hasSigned ? [[jwk.kid, key] as const] : [];
    }),
  );
}

/** One that no trusted key signed, of the seals up to a number. */
export function findForgedAnchor(
  { samples }: AnchorBook,
  keys: TrustedKeys,
  lastSeal: number,
): Anchor | undefined {
  return samples.find((anchor) => {
    const key = keys.find(anchor.kid);
    return anchor.number <= lastSeal && (key === undefined || !holds(anchor, key));
  });
}

function holds(anchor: Anchor, key: Parameters<typeof isSignedBy>[2]): boolean {
  const hash = Buffer.from(anchor.hash, 'hex');
  return hash.length === hashBytes && isSignedBy(hash, Buffer.from(anchor.signature, 'base64url'), key);
}
