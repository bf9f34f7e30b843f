// Which keys a verification trusts, and by what. The best there is: those somebody gives, those that open under the
// master key, those that signed the anchors; else the log's own word, which only shows that it is of one piece.

import { createPublicKey } from 'node:crypto';
import type { PublicJwk } from '@pi-gateway/auth/crypto/signing-key.ts';
import { type AnchorBook, keysOfAnchors } from '@pi-gateway/auth/proving/anchor-book.ts';
import {
  readPublicKey,
  type TrustedKeys,
  thumbprint,
  trustFirstKey,
  trustKeys,
} from '@pi-gateway/auth/proving/trusted-keys.ts';
import type { AuditKeys } from '@pi-gateway/auth/sealing/audit-keys.ts';

export const trustSources = {
  given: 'the keys that were given',
  pinned: 'the pinned thumbprints',
  master_key: 'the master key, under which the keys of the log open',
  anchors: 'the keys that signed the anchors',
  log: 'nothing but the log itself: give --keys, --pin or --anchors to know whose seals these are',
} as const;

export type Trust = { readonly by: keyof typeof trustSources; readonly keys: TrustedKeys };

export type KeyEvidence = {
  readonly given: readonly PublicJwk[] | undefined;
  readonly pins: readonly string[] | undefined;
  readonly opened: AuditKeys | undefined;
  readonly anchors: AnchorBook | undefined;
  /** What the log says its keys are. */
  readonly claimed: readonly PublicJwk[];
};

export function chooseKeys({ given, pins, opened, anchors, claimed }: KeyEvidence): Trust {
  if (given !== undefined) return { by: 'given', keys: trustKeys(publicKeys(given)) };
  if (pins !== undefined) {
    const pinned = claimed.filter((jwk) => pins.includes(thumbprint(jwk)));
    return { by: 'pinned', keys: trustKeys(publicKeys(pinned)) };
  }
  if (opened !== undefined) {
    const keys = [...opened].map(([kid, { privateKey }]) => [kid, createPublicKey(privateKey)] as const);
    return { by: 'master_key', keys: trustKeys(new Map(keys)) };
  }
  if (anchors !== undefined && anchors.count > 0) {
    return { by: 'anchors', keys: trustKeys(keysOfAnchors(anchors, claimed)) };
  }
  return { by: 'log', keys: trustFirstKey(claimed) };
}

function publicKeys(jwks: readonly PublicJwk[]) {
  return new Map(
    jwks.flatMap((jwk) => {
      const key = readPublicKey(jwk);
      return key === undefined ? [] : [[jwk.kid, key] as const];
    }),
  );
}
