// Opens everything the service needs, once: the only place that knows which implementations run. Whoever
// hands in a feed (the embedded run) gets the same process-wide feed everywhere; else Redis, else none is needed.

import { join } from 'node:path';
import { parseTrustedProxies, type TrustedProxies } from '@pi-gateway/client-address/trusted-proxies.ts';
import { SettingError } from '@pi-gateway/env/settings.ts';
import { callProof, forwardProof } from '@pi-gateway/gateway-link/gateway-proof.ts';
import { openLimiter } from '@pi-gateway/limiter/open-limiter.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { createMemoryFeed } from '@pi-gateway/revocation/memory-feed.ts';
import { createRedisPublisher } from '@pi-gateway/revocation/redis-feed.ts';
import type { RevocationPublisher } from '@pi-gateway/revocation/revocation.ts';
import { tracingOf } from '@pi-gateway/telemetry/tracing-of.ts';
import type { Tracing } from '@pi-gateway/trace-context/tracing.ts';
import type { AuthConfig } from './config.ts';
import { type AdmissionGate, createAdmissionGate } from './crypto/admission-gate.ts';
import { countHashesRunningMax } from './crypto/hashing-threads.ts';
import { type LeakedPasswords, openLeakedPasswords } from './crypto/leaked-passwords.ts';
import { createPasswordHash, type PasswordHash } from './crypto/password-hash.ts';
import { type Database, openDatabase } from './db/database.ts';
import { keepAuditMonths } from './db/keep-audit-months.ts';
import { prepareDatabase } from './db/prepare-database.ts';
import { createDrain, type Drain } from './http/drain.ts';
import { type KeyRing, openKeyRing } from './keys/key-ring.ts';
import { createLimits, type Limits } from './limits/login-limits.ts';
import { mailFolderOf } from './mail/mail-folder.ts';
import { createMailer, type Mailer } from './mail/mailer.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { createRefusalLog, type RefusalLog } from './refusals/refusal-log.ts';
import { createRevocations, type Revocations } from './revocation/revocations.ts';
import { openAnchors } from './sealing/anchors.ts';
import { keepRetention } from './sealing/keep-retention.ts';
import { openAnchorPost } from './sealing/post-anchors.ts';
import { openSealer, type Sealer } from './sealing/sealer.ts';
import { type AuditTail, createAuditTail } from './tail/audit-tail.ts';
import { createWebhooks, type Webhooks } from './webhooks/dispatcher.ts';

export type AuthDeps = {
  readonly config: AuthConfig;
  readonly log: Log;
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly revocations: Revocations;
  readonly limits: Limits;
  readonly gate: AdmissionGate;
  readonly passwordHash: PasswordHash;
  /** Undefined when no range service is set. */
  readonly leakedPasswords: LeakedPasswords | undefined;
  readonly mailer: Mailer;
  readonly refusals: RefusalLog;
  readonly sealer: Sealer;
  /** Makes the months of the audit log that come; nothing when another than this service owns the schema. */
  readonly keepAuditMonths: () => Promise<void>;
  /** Drops the months of the audit log that are too old; nothing when none shall be. */
  readonly keepRetention: () => Promise<void>;
  readonly webhooks: Webhooks;
  readonly auditTail: AuditTail;
  readonly metrics: Metrics;
  /** Undefined: no spans are recorded. */
  readonly tracing: Tracing | undefined;
  readonly drain: Drain;
  readonly trusted: TrustedProxies;
  readonly secrets: Secrets;
  /** Ends every connection; `startAuth` calls it when it is closed. */
  close(): Promise<void>;
};

type Secrets = {
  readonly refreshMac: Buffer;
  readonly cursorMac: Buffer;
  readonly forwardProof: string;
  readonly callProof: string;
};

export type DepsOptions = {
  readonly log: Log;
  /** Told of every revocation; unset: Redis when there is one. The caller closes what it handed in. */
  readonly revocations?: RevocationPublisher;
  /** What UV_THREADPOOL_SIZE is; unset: Node's own 4. */
  readonly threadPoolSize?: string;
};

const hashesWaitingMin = 128;
const hashesWaitingPerPermit = 64;
// Gateways wait 10 s for an answer.
const hashWaitMsMax = 8000;
// While Redis is away each process counts for itself, with this share of the budget.
const localShare = 0.5;
// Of one process, to the audit log as it grows.
const auditListenersMax = 16;
// Of the audit log's anchors.
const anchorMs = 60_000;

/**
 * Migrates and connects.
 * @throws {SettingError} one line that names what cannot be used.
 */
export async function openAuthDeps(config: AuthConfig, options: DepsOptions): Promise<AuthDeps> {
  const { log } = options;
  const trusted = readTrustedProxies(config.trustedProxies);
  const ownerUrl = await prepare(config, log);
  const db = openDatabase({ url: config.databaseUrl, poolMax: config.databasePoolMax, log });
  await checkServing(db);
  const limiter = await openLimiter({ redisUrl: config.redisUrl, log, localShare });
  const publisher = options.revocations ?? openPublisher(config.redisUrl, log);
  const revocations = createRevocations(db, publisher, log);
  const sealKey = deriveSecret(config.masterKey, 'signing-key-encryption/v1');
  const passwordHash = createPasswordHash({
    memoryKib: config.passwordHashMemoryKib,
    passes: config.passwordHashPasses,
  });
  const auditSealKey = deriveSecret(config.masterKey, 'audit-seal/v1');
  const anchorPost =
    config.auditAnchorUrl === undefined ? undefined : openAnchorPost(config.auditAnchorUrl, log);
  const anchors = openAnchors({
    path: join(config.dataDir, 'audit-anchors.ndjson'),
    log,
    everyMs: anchorMs,
    post: anchorPost,
  });
  const [keyRing, sealer] = await Promise.all([
    openKeyRing(db, sealKey, {
      rotationSeconds: config.signingKeyRotationSeconds,
      accessTokenTtlSeconds: config.accessTokenTtlSeconds,
      clockSkewSeconds: config.clockSkewSeconds,
    }),
    openSealer({
      db,
      sealKey: auditSealKey,
      anchors,
      log,
      afterSeconds: config.auditSealSeconds,
    }),
    revocations.poll(),
  ]);
  const tracing = await tracingOf(config, { service: 'auth', log });
  const runningMax = countHashesRunningMax(options.threadPoolSize ?? '4');
  const gate = createAdmissionGate({
    runningMax,
    waitingMax: Math.max(hashesWaitingMin, runningMax * hashesWaitingPerPermit),
    waitMsMax: hashWaitMsMax,
  });
  const refusals = createRefusalLog(db, log);
  const webhooks = createWebhooks({
    db,
    sealKey: deriveSecret(config.masterKey, 'webhook-secret/v1'),
    log,
    allowPrivate: config.webhookAllowPrivate === 'on',
  });
  const mailer = createMailer({
    smtpUrl: config.smtpUrl,
    from: config.mailFrom,
    folder: mailFolderOf(config.dataDir),
  });
  return {
    config,
    log,
    db,
    keyRing,
    revocations,
    limits: createLimits(limiter, config, config.masterKey),
    gate,
    passwordHash,
    leakedPasswords: openLeakedPasswords(config, log),
    mailer,
    refusals,
    sealer,
    keepAuditMonths: async () => {
      if (ownerUrl !== undefined) await keepAuditMonths(ownerUrl);
    },
    keepRetention: async () => {
      if (ownerUrl === undefined) return;
      await keepRetention({
        ownerUrl,
        sealKey: auditSealKey,
        anchors,
        log,
        months: config.auditRetentionMonths,
      });
    },
    metrics: createMetrics({ gate, db, revocations, limiter, sealer, refusals, webhooks }),
    tracing,
    drain: createDrain(),
    webhooks,
    auditTail: createAuditTail(auditListenersMax),
    trusted,
    secrets: {
      refreshMac: deriveSecret(config.masterKey, 'refresh-token-mac/v1'),
      cursorMac: deriveSecret(config.masterKey, 'cursor-mac/v1'),
      forwardProof: forwardProof(config.masterKey),
      callProof: callProof(config.masterKey),
    },
    async close() {
      await refusals.flush();
      await webhooks.close();
      await sealer.close();
      await anchorPost?.close();
      await mailer.close();
      if (options.revocations === undefined) await publisher.close();
      await limiter.close();
      await db.close();
      await tracing?.close();
    },
  };
}

/** Gives the connection that may change the schema, if any of the two may. */
async function prepare(config: AuthConfig, log: Log): Promise<string | undefined> {
  const ownerUrl = config.databaseOwnerUrl ?? config.databaseUrl;
  const { isOwner } = await prepareDatabase({ ownerUrl, servingUrl: config.databaseUrl, log });
  if (isOwner) return ownerUrl;
  if (config.auditRetentionMonths !== 'off') {
    throw new SettingError(
      "AUDIT_RETENTION_MONTHS: needs the connection of the schema's owner; set DATABASE_OWNER_URL, or leave it to `pi upkeep`",
    );
  }
  return undefined;
}

/** The first connection as the application: it takes the role, or the start ends here. */
async function checkServing(db: Database): Promise<void> {
  try {
    await db.query({ name: 'is-ready', text: 'select', values: [] });
  } catch (error) {
    await db.close();
    const { message } = ((error as Error).cause ?? error) as Error;
    throw new SettingError(`DATABASE_URL: ${message}`, { cause: error });
  }
}

function readTrustedProxies(text: string): TrustedProxies {
  try {
    return parseTrustedProxies(text);
  } catch (cause) {
    throw new SettingError(`TRUSTED_PROXIES: ${(cause as Error).message}`, { cause });
  }
}

function openPublisher(redisUrl: string | undefined, log: Log): RevocationPublisher {
  return redisUrl === undefined ? createMemoryFeed() : createRedisPublisher(redisUrl, log);
}
