// What a verification was asked for, what it says, and both forms of saying it.

import type { PublicJwk } from '@pi-gateway/auth/crypto/signing-key.ts';
import type { AnchorBook } from '@pi-gateway/auth/proving/anchor-book.ts';
import { findingKinds } from '@pi-gateway/auth/proving/finding.ts';
import type { Verified } from '@pi-gateway/auth/proving/verify-log.ts';
import { uuidV7Micros } from '@pi-gateway/uuid/uuid-v7.ts';
import type { Answer } from '../io.ts';
import { type Trust, trustSources } from './choose-keys.ts';

export type VerifyWish = {
  readonly keys: readonly PublicJwk[] | undefined;
  readonly pins: readonly string[] | undefined;
  readonly anchorsPath: string | undefined;
  /** False: those that the service keeps in DATA_DIR are left out. */
  readonly isAnchored: boolean;
  readonly onProgress: (soFar: { readonly events: number; readonly seals: number }) => void;
};

export type Verification = {
  readonly verified: Verified;
  readonly trust: Trust['by'];
  readonly anchors: AnchorBook | undefined;
  /** The part of the log that an export is of; nulls: all of it. */
  readonly range: { readonly from: string | null; readonly to: string | null };
  /** When an export says that it was made; null: it is the database. */
  readonly exportedAt: string | null;
};

export function describeVerification({ verified, trust, anchors, range, exportedAt }: Verification): Answer {
  const { finding, seals, events, unsealed, persons, firstSeal, lastSeal, sealedUntil } = verified;
  const droppedBefore =
    verified.droppedBefore === undefined
      ? null
      : new Date(uuidV7Micros(verified.droppedBefore) / 1000).toISOString();
  const json = {
    holds: finding === undefined,
    finding: finding === undefined ? null : { ...finding, meaning: findingKinds[finding.kind] },
    events,
    unsealed,
    seals,
    first_seal: firstSeal ?? null,
    last_seal: lastSeal ?? null,
    sealed_until: sealedUntil ?? null,
    persons,
    dropped_before: droppedBefore,
    from: range.from,
    to: range.to,
    exported_at: exportedAt,
    keys: trust,
    anchors: anchors === undefined ? null : { count: anchors.count, newest: anchors.newest?.number ?? null },
  };
  const text = [
    ...describeFinding(verified),
    `${events} events under ${seals} seals, ${firstSeal ?? '-'} to ${lastSeal ?? '-'}, until ${sealedUntil ?? '-'}`,
    `${unsealed} events are not yet sealed: nothing proves them yet`,
    `persons: ${persons.held} side rows hold, ${persons.erased} were erased`,
    ...(droppedBefore === null ? [] : [`what was before ${droppedBefore} was dropped by retention`]),
    ...(range.from === null && range.to === null
      ? []
      : [`a part of the log: from ${range.from ?? 'its start'} to ${range.to ?? 'its end'}`]),
    ...(exportedAt === null
      ? []
      : [`exported at ${exportedAt}, by its own word: a seal that was anchored later need not be in it`]),
    `trusted: ${trustSources[trust]}`,
    anchors === undefined
      ? 'anchors: none, so a tail that was cut off would not show'
      : `anchors: ${anchors.count}, the newest of seal ${anchors.newest?.number ?? '-'}`,
  ];
  return { text: text.join('\n'), json };
}

function describeFinding({ finding }: Verified): string[] {
  if (finding === undefined) return ['the log holds'];
  const { kind, event, seal, detail } = finding;
  const where = [
    ...(event === null ? [] : [`event ${event}`]),
    ...(seal === null ? [] : [`seal ${seal}`]),
  ].join(', ');
  return [
    `THE LOG DOES NOT HOLD: ${kind}: ${where}`,
    `${findingKinds[kind]}${detail === '' ? '' : ` (${detail})`}`,
    'What stands before it holds; what stands after it was not looked at:',
  ];
}
