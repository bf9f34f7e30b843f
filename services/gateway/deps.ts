// What the gateway works with, opened once. Here alone it is decided which implementation runs: with Redis or
// in this process, with auth's own feed (embedded) or without.

import { setTimeout as delay } from 'node:timers/promises';
import { RemoteKeys } from '@pi-gateway/access-token/remote-keys.ts';
import type { VerifiedTokenCache } from '@pi-gateway/access-token/verified-token-cache.ts';
import { callProof, callProofHeader } from '@pi-gateway/gateway-link/gateway-proof.ts';
import type { Limiter } from '@pi-gateway/limiter/limiter.ts';
import { createMemoryLimiter } from '@pi-gateway/limiter/memory-limiter.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import type { RevocationSource } from '@pi-gateway/revocation/revocation.ts';
import { tracingOf } from '@pi-gateway/telemetry/tracing-of.ts';
import type { Tracing } from '@pi-gateway/trace-context/tracing.ts';
import type { GatewayConfig } from './config.ts';
import { AuthOrigins } from './keys/auth-origins.ts';
import { AccessLog } from './observe/access-log.ts';
import { LoopLag } from './observe/loop-lag.ts';
import { RefusalReporter } from './observe/refusal-reporter.ts';
import { createReportSender } from './observe/send-report.ts';
import { LiveRevocations } from './revocation/live-revocations.ts';
import { createSilentSource } from './revocation/silent-source.ts';
import { checkGatewayConfig } from './routing/check-config.ts';
import { openVerifiedTokens } from './steps/check-access.ts';
import { type LookUp, lookUp } from './upstreams/look-up.ts';

export type GatewayDeps = {
  readonly log: Log;
  readonly nowMs: () => number;
  readonly keys: RemoteKeys;
  readonly revocations: LiveRevocations;
  readonly verified: VerifiedTokenCache;
  readonly limiter: Limiter;
  readonly accessLog: AccessLog;
  readonly authOrigins: AuthOrigins;
  readonly refusals: RefusalReporter;
  /** How late the event loop is. */
  readonly loopLagMs: () => number;
  readonly lookUp: LookUp;
  /** Undefined: no spans are recorded. */
  readonly tracing: Tracing | undefined;
  close(): Promise<void>;
};

export type GatewayDepsOptions = {
  readonly log: Log;
  /** Auth's own feed, when it runs in this process. */
  readonly revocations?: RevocationSource;
};

/** How long a start waits for auth before it goes on without; the background goes on trying. */
const firstLoadMs = 2000;
/** Some pages of live revocations would fit in. */
const revocationsBytesMax = 4 * 1024 * 1024;

/** Opens everything. Auth and Redis may be away: what needs them says 503 until they are there. */
export async function openGatewayDeps(
  config: GatewayConfig,
  options: GatewayDepsOptions,
): Promise<GatewayDeps> {
  const { log } = options;
  const { redisUrl } = config;
  const nowMs = Date.now;
  const accessLog = new AccessLog(config.gatewayAccessLog);
  const verified = openVerifiedTokens();
  const authOrigins = new AuthOrigins(config.authUrl, (error) =>
    log.warn({ err: error }, 'the TLS files for auth cannot be used; going on with the last'),
  );
  const checked = checkGatewayConfig(config.gatewayConfig, config.variables);
  // A file that is wrong is told of at the start of the gateway itself.
  if (checked.kind === 'valid') authOrigins.follow(checked.config.services);
  const keys = new RemoteKeys({
    fetchKeys: () => authOrigins.fetch('/.well-known/jwks.json'),
    onWithdrawn: () => verified.clear(),
    isRevoked: (kid) => revocations.isKeyRevoked(kid),
    onFailed: (error) =>
      log.warn({ err: error }, 'the keys of auth could not be fetched; going on with the last'),
  });
  const call = {
    headers: { [callProofHeader]: callProof(config.masterKey) },
    bytesMax: revocationsBytesMax,
  };
  const revocations: LiveRevocations = new LiveRevocations({
    source: options.revocations ?? (await openSource(redisUrl, log)),
    fetchSince: (since, fromId) => {
      const from = fromId === undefined ? '' : `&from_id=${fromId}`;
      return authOrigins.fetch(`/internal/revocations?since=${since}${from}`, call);
    },
    log,
    onKeyRevoked: () => keys.dropRevoked(),
  });
  const reports = createReportSender(config.masterKey, () => authOrigins.current);
  const refusals = new RefusalReporter(reports.send, log);
  const limiter = await openRouteLimiter(redisUrl, log);
  const tracing = await tracingOf(config, { service: 'gateway', log });
  const loopLag = new LoopLag();
  loopLag.start();
  const loaded = Promise.all([keys.start(), revocations.start()]);
  await Promise.race([loaded, delay(firstLoadMs, undefined, { ref: false })]);
  return {
    log,
    nowMs,
    keys,
    revocations,
    verified,
    limiter,
    accessLog,
    authOrigins,
    refusals,
    loopLagMs: () => loopLag.lagMs(),
    lookUp,
    tracing,
    async close() {
      loopLag.close();
      keys.close();
      await refusals.close();
      reports.close();
      await revocations.close();
      await limiter.close();
      await tracing?.close();
    },
  };
}

// The Redis client is loaded only where there is a Redis: it takes a fifth of a small gateway's memory.

async function openSource(redisUrl: string | undefined, log: Log): Promise<RevocationSource> {
  if (redisUrl === undefined) return createSilentSource();
  const { createRedisSource } = await import('@pi-gateway/revocation/redis-feed.ts');
  return createRedisSource(redisUrl, log);
}

async function openRouteLimiter(redisUrl: string | undefined, log: Log): Promise<Limiter> {
  if (redisUrl === undefined) return createMemoryLimiter();
  const { openLimiter } = await import('@pi-gateway/limiter/open-limiter.ts');
  return openLimiter({ redisUrl, log, localShare: 1 });
}
