// The running gateway: its listeners, the handler behind all of them, and an orderly end.

import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { forwardProof, forwardProofHeader } from '@pi-gateway/gateway-link/gateway-proof.ts';
import { decodeRevocations } from '@pi-gateway/gateway-link/revocation-header.ts';
import { closeLingering } from '@pi-gateway/http-front/close-lingering.ts';
import { createFrontServer } from '@pi-gateway/http-front/front-server.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import type { GatewayConfig } from './config.ts';
import type { GatewayDeps } from './deps.ts';
import { endExchange } from './end-exchange.ts';
import { Exchange, type Listener } from './exchange.ts';
import { IdentityKeys } from './identity/identity-keys.ts';
import { IdentityTokens } from './identity/identity-tokens.ts';
import { TrustedIssuer } from './issuers/trusted-issuer.ts';
import { ConcurrencyLimits } from './limits/concurrency.ts';
import { LoadShedder } from './limits/load-shedder.ts';
import { listen, listenSocket } from './listen.ts';
import { GatewayMetrics } from './observe/metrics.ts';
import { createMetricsServer } from './observe/metrics-server.ts';
import { refusedStatus } from './observe/proxy-status.ts';
import { type PipelineDeps, runPipeline } from './pipeline.ts';
import { acceptUpgrade } from './proxy/accept-upgrade.ts';
import { Tunnels } from './proxy/tunnel.ts';
import { watchUpgrade } from './proxy/watch-upgrade.ts';
import { newRequestId } from './request-id.ts';
import { type Reload, Routing } from './routing/routing.ts';
import { watchConfig } from './routing/watch-config.ts';
import { isAlive } from './steps/check-access.ts';
import { Recorder } from './steps/record-exchange.ts';
import { createUpkeep, openService } from './upstreams/open-service.ts';

export type RunningGateway = {
  readonly url: string;
  /** The embedded run's entry. */
  readonly entryUrl: string | undefined;
  readonly metricsUrl: string | undefined;
  /** Takes up a changed gateway.yaml; on any error the state before goes on. */
  reload(): Reload;
  /**
   * Says 503 at /readyz for SHUTDOWN_DELAY_MS and goes on serving, then lets requests under way finish (for at most ten
   * seconds), ends WebSockets and closes everything.
   */
  close(): Promise<void>;
};

const sweepMs = 500;
const drainMs = 10_000;

/** @throws {Error} with one line, when gateway.yaml is wrong or a port is taken. */
export async function startGateway(config: GatewayConfig, deps: GatewayDeps): Promise<RunningGateway> {
  const { log } = deps;
  // Not before every way in is open: whoever waits for it sends the next one away then, and may come by another way.
  let isOpen = false;
  let isDraining = false;
  const tunnels = new Tunnels();
  const metrics: GatewayMetrics = new GatewayMetrics({
    revocationLagMs: () => deps.revocations.lagMs(),
    revocations: () => deps.revocations.size,
    keysAgeMs: () => deps.keys.ageMs(),
    limiterMode: () => deps.limiter.mode(),
    configHash: () => routing.current.hash,
    isConfigRefused: () => routing.isRefused,
    tunnels: () => tunnels.size,
    loopLagMs: () => deps.loopLagMs(),
    droppedLines: () => deps.accessLog.dropped,
    refusalsWaiting: () => deps.refusals.waiting,
    services: () => routing.current.services.values(),
    issuers: () => routing.current.issuers.values(),
  });
  const routing = new Routing({
    path: config.gatewayConfig,
    variables: config.variables,
    authUrl: config.authUrl,
    log,
    openIssuer: (issuer) => new TrustedIssuer(issuer, log),
    openService: (service) =>
      openService(service, config.gatewayTransport, { log, metrics: metrics.upstreams }),
    onReload: (result) => metrics.reloads.inc({ result }),
  });
  const upkeep = createUpkeep(deps.lookUp, { log, metrics: metrics.upstreams });
  upkeep.follow(routing.current.services);
  const recorder = new Recorder({ log: deps.accessLog, metrics, refusals: deps.refusals });
  const identityKeys = new IdentityKeys(config.masterKey, config.gatewayIdentityEpoch);

  const pipeline: PipelineDeps = {
    ...deps,
    recorder,
    trustedProxies: config.trustedProxies,
    publicUrl: config.publicUrl,
    clockSkewSeconds: config.clockSkewSeconds,
    limitSecret: deriveSecret(config.masterKey, 'gateway-limit-key/v1'),
    concurrency: new ConcurrencyLimits(),
    shedder: new LoadShedder(
      config.gatewayShedLagMs === 'off' ? Number.POSITIVE_INFINITY : config.gatewayShedLagMs,
    ),
    identityKeys,
    identityTokens: new IdentityTokens({
      keys: identityKeys,
      publicUrl: config.publicUrl,
      nowMs: deps.nowMs,
    }),
    authProof: { name: forwardProofHeader, value: forwardProof(config.masterKey) },
    isReady: () => isOpen && !isDraining && deps.keys.isLoaded && deps.revocations.isLoaded,
    applyRevocations(header) {
      try {
        deps.revocations.apply(decodeRevocations(header));
      } catch (error) {
        log.error({ err: error }, 'the revocations on an answer of auth could not be read');
      }
    },
    openTunnel(x, headers, upstream) {
      x.upgrade!.endWatch();
      acceptUpgrade(x, headers, upstream, tunnels);
      x.status = 101;
      x.req.socket.once('close', () => endExchange(x, recorder));
    },
  };

  const onRequest = (listener: Listener) => (req: IncomingMessage, res: ServerResponse) =>
    runPipeline(new Exchange(req, res, listener, routing.current), pipeline);
  const onUpgrade = (listener: Listener) => (req: IncomingMessage, socket: Socket, head: Buffer) => {
    const res = answerOnSocket(req, socket);
    const upgrade = { head, endWatch: watchUpgrade(socket) };
    // Behind a refusal what the client still sends is read and dropped.
    res.prependListener('finish', upgrade.endWatch);
    runPipeline(new Exchange(req, res, listener, routing.current, upgrade), pipeline);
  };
  const createServer = (listener: Listener): Server =>
    createFrontServer(
      {
        log,
        requestId: newRequestId,
        headersTimeoutMs: 10_000,
        requestTimeoutMs: 0,
        // Longer than nginx keeps its side, so that it never sends on a connection just closed here.
        keepAliveTimeoutMs: 75_000,
        skipsEmptyBodies: true,
        refusalFields: (code) => ({ 'proxy-status': refusedStatus(code)! }),
      },
      onRequest(listener),
      onUpgrade(listener),
    );

  const servers: Server[] = [];
  const open = async (server: Server, listening: Promise<string>) => {
    servers.push(server);
    return listening;
  };
  let url: string;
  let entryUrl: string | undefined;
  let metricsUrl: string | undefined;
  try {
    const main = createServer('port');
    url = await open(
      main,
      listen(main, config.host, config.gatewayPort, 'GATEWAY_PORT', config.gatewaySharePort === 'on'),
    );
    if (config.entryPort !== undefined) {
      const entry = createServer('port');
      entryUrl = await open(entry, listen(entry, config.host, config.entryPort, 'ENTRY_PORT'));
    }
    if (config.gatewaySocket !== undefined) {
      const socket = createServer('socket');
      await open(socket, listenSocket(socket, config.gatewaySocket));
    }
    if (config.gatewayMetricsPort !== 'off') {
      const server = createMetricsServer(metrics.registry);
      metricsUrl = await open(
        server,
        listen(
          server,
          config.host,
          config.gatewayMetricsPort,
          'GATEWAY_METRICS_PORT',
          // While one worker takes the place of another both are there.
          config.gatewaySharePort === 'on',
        ),
      );
    }
  } catch (error) {
    for (const server of servers) server.close();
    await routing.close();
    throw error;
  }

  isOpen = true;

  const reload = (): Reload => {
    const result = routing.reload();
    const { services } = routing.current;
    upkeep.follow(services);
    deps.authOrigins.follow(new Map([...services].map(([name, service]) => [name, service.config])));
    return result;
  };
  const stopWatching = watchConfig(config.gatewayConfig, reload);
  // The leeway is for tokens just issued by a clock that is ahead; an open connection gets no longer life by it.
  const exact = { ...pipeline, clockSkewSeconds: 0 };
  const sweep = setInterval(
    () =>
      tunnels.sweep(
        (principal, kid) =>
          isAlive(principal, routing.current.issuers, exact) &&
          (principal.kind !== 'user' || deps.keys.current.has(kid ?? '')),
      ),
    sweepMs,
  ).unref();

  return {
    url,
    entryUrl,
    metricsUrl,
    reload,
    async close() {
      isDraining = true;
      if (config.shutdownDelayMs > 0) await delay(config.shutdownDelayMs);
      stopWatching();
      upkeep.close();
      clearInterval(sweep);
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      tunnels.closeAll();
      await Promise.race([Promise.all(closed), delay(drainMs, undefined, { ref: false })]);
      for (const server of servers) server.closeAllConnections();
      await Promise.all(closed);
      await routing.close();
      recorder.close();
      await deps.close();
    },
  };
}

/** An answer for a request whose connection the HTTP server has let go: always the last one on it. */
function answerOnSocket(req: IncomingMessage, socket: Socket): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  socket.on('drain', () => res.emit('drain'));
  res.on('finish', () => closeLingering(socket));
  return res;
}
