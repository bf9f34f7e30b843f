// The filters that `bench/audit-pages.ts` asks for: each alone, with frequent, rare and unknown values, and together,
// such that each part is frequent and the whole is nowhere.

import type { AuditFilter } from '@pi-gateway/auth/store/audit-events.ts';
import { uuidV7Floor } from '@pi-gateway/uuid/uuid-v7.ts';
import { known } from './audit-pages-fill.ts';

export type Case = { readonly name: string; readonly filter: AuditFilter };

const none: AuditFilter = {
  event: undefined,
  actorId: undefined,
  targetId: undefined,
  ip: undefined,
  fromId: undefined,
  untilId: undefined,
};

const dayMicros = 86_400_000_000;

export function cases(nowMicros: number): Case[] {
  const ago = (days: number) => uuidV7Floor(nowMicros - days * dayMicros);
  const { busiestAccount, rareAccount, robotAccount, unknownAccount } = known;
  const { officeAddress, robotAddress, rareAddress, unknownAddress } = known;
  const list: readonly (readonly [name: string, filter: Partial<AuditFilter>])[] = [
    ['no filter', {}],
    ['from', { fromId: ago(400) }],
    ['to', { untilId: ago(400) }],
    ['from to', { fromId: ago(420), untilId: ago(400) }],
    ['from to, before the log', { fromId: ago(4001), untilId: ago(4000) }],
    ['event, every second', { event: 'token.refreshed' }],
    ['event, one in fifty', { event: 'access.denied' }],
    ['event, twelve in all', { event: 'keys.revoked' }],
    ['event, none', { event: 'users.exported' }],
    ['actor, busiest', { actorId: busiestAccount }],
    ['actor, rare', { actorId: rareAccount }],
    ['actor, none', { actorId: unknownAccount }],
    ['target, busiest', { targetId: busiestAccount }],
    ['target, rare', { targetId: rareAccount }],
    ['target, none', { targetId: unknownAccount }],
    ['ip, an office', { ip: officeAddress }],
    ['ip, rare', { ip: rareAddress }],
    ['ip, none', { ip: unknownAddress }],
    ['event + actor', { event: 'login.succeeded', actorId: busiestAccount }],
    ['event + actor, both frequent, none together', { event: 'token.refreshed', actorId: robotAccount }],
    ['event + actor, rare event', { event: 'keys.revoked', actorId: busiestAccount }],
    ['event + actor, both rare', { event: 'keys.revoked', actorId: rareAccount }],
    ['event + target', { event: 'login.failed', targetId: busiestAccount }],
    ['event + target, rare event', { event: 'keys.revoked', targetId: busiestAccount }],
    ['event + target, rare target', { event: 'token.refreshed', targetId: rareAccount }],
    ['event + ip', { event: 'login.failed', ip: officeAddress }],
    ['event + ip, both frequent, none together', { event: 'token.refreshed', ip: robotAddress }],
    ['event + ip, rare event', { event: 'keys.revoked', ip: officeAddress }],
    ['actor + target, both frequent', { actorId: robotAccount, targetId: busiestAccount }],
    ['actor + target, none together', { actorId: busiestAccount, targetId: rareAccount }],
    ['actor + ip', { actorId: busiestAccount, ip: officeAddress }],
    ['actor + ip, both frequent, none together', { actorId: busiestAccount, ip: robotAddress }],
    ['target + ip', { targetId: busiestAccount, ip: robotAddress }],
    ['event + from to', { event: 'login.failed', fromId: ago(580), untilId: ago(400) }],
    ['event, rare + from to', { event: 'keys.revoked', fromId: ago(580), untilId: ago(400) }],
    ['actor + from', { actorId: busiestAccount, fromId: ago(90) }],
    ['ip + from to', { ip: officeAddress, fromId: ago(580), untilId: ago(400) }],
    [
      'event + actor + target + ip',
      {
        event: 'login.succeeded',
        actorId: busiestAccount,
        targetId: busiestAccount,
        ip: officeAddress,
      },
    ],
    [
      'event + actor + target + ip, none together',
      {
        event: 'token.refreshed',
        actorId: robotAccount,
        targetId: busiestAccount,
        ip: officeAddress,
      },
    ],
  ];
  return list.map(([name, filter]) => ({ name, filter: { ...none, ...filter } }));
}
