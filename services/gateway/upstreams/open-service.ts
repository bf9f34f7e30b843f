// A service of gateway.yaml brought to life, and the work that goes on beside its requests, each told to log and
// metrics.

import type { Log } from '@pi-gateway/log/log.ts';
import type { GatewayConfig } from '../config.ts';
import type { UpstreamMetrics } from '../observe/upstream-metrics.ts';
import type { Service } from '../routing/route.ts';
import { checkTargets } from './check-targets.ts';
import { nameFollower } from './follow-names.ts';
import type { LookUp } from './look-up.ts';
import { linkOpener } from './open-link.ts';
import { ServiceUpkeep } from './service-upkeep.ts';
import { UpstreamService } from './upstream-service.ts';

type Witness = { readonly log: Log; readonly metrics: UpstreamMetrics };

/** @throws {Error} when a file of its `tls` cannot be used. */
export function openService(
  config: Service,
  transport: GatewayConfig['gatewayTransport'],
  { log, metrics }: Witness,
): UpstreamService {
  const service = config.name;
  const onStaleTls = (error: unknown) =>
    log.warn({ err: error, service }, 'renewed TLS files cannot be used; the last ones go on');
  const openLink = linkOpener(config, onStaleTls, transport);
  return new UpstreamService(config, openLink, ({ origin, address }, isLeftOut) => {
    const which = { service, target: origin, address };
    if (!isLeftOut) return log.info(which, 'a target is used again');
    metrics.leftOut.inc({ service, target: origin });
    log.warn(which, 'a target is left out for a moment: it cannot be reached, or too many requests failed');
  });
}

export function createUpkeep(lookUp: LookUp, { log, metrics }: Witness): ServiceUpkeep {
  const followNames = nameFollower(lookUp, {
    onFailure: (service) => metrics.failedLookUps.inc({ service }),
    onChange: ({ error, ...where }) =>
      error === undefined
        ? log.info(where, 'the name of a target can be looked up again')
        : log.warn(
            { ...where, err: error },
            'the name of a target cannot be looked up; the last addresses go on',
          ),
  });
  return new ServiceUpkeep(checkTargets, followNames);
}
