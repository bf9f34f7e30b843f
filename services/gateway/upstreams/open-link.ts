// The ways to the targets of one service. Here alone it is decided which transport speaks to them.

import type { GatewayConfig } from '../config.ts';
import { Http1Client } from '../http1/http1-client.ts';
import { Http2Client } from '../http2/http2-client.ts';
import type { Transport } from '../proxy/transport.ts';
import { createUndiciTransport } from '../proxy/undici-transport.ts';
import type { Service, Target } from '../routing/route.ts';
import { ClientTls } from './client-tls.ts';
import { Connector } from './connector.ts';
import { readPlace } from './place.ts';

export type Link = { readonly connector: Connector; readonly transport: Transport };

/** `address`: where the target's name leads; undefined: it is looked up for each connection. */
export type OpenLink = (target: Target, address?: string) => Link;

/**
 * What opens connectors to the targets of a service.
 * @throws {Error} when a file of its `tls` cannot be used. `onStaleTls`: a renewed one could not.
 */
export function connectorOpener(
  service: Pick<Service, 'targets' | 'timeouts' | 'tls'>,
  onStaleTls: (error: unknown) => void,
): (target: Target, address?: string) => Connector {
  const places = new Map(service.targets.map(({ origin }) => [origin, readPlace(origin)!]));
  const needsTls = [...places.values()].some((place) => place.kind === 'tcp' && place.isTls);
  const tls = needsTls ? new ClientTls(service.tls, onStaleTls) : undefined;
  const { connectMs } = service.timeouts;
  return ({ origin }, address) => new Connector({ place: places.get(origin)!, address, tls, connectMs });
}

/** The same with a transport; throws likewise. */
export function linkOpener(
  service: Service,
  onStaleTls: (error: unknown) => void,
  transport: GatewayConfig['gatewayTransport'] = 'lean',
): OpenLink {
  const open = connectorOpener(service, onStaleTls);
  const openHttp1 = (connector: Connector): Transport =>
    transport === 'lean'
      ? new Http1Client(connector, service.timeouts)
      : createUndiciTransport(connector, service.timeouts);
  return (target, address) => {
    const connector = open(target, address);
    const isHttp1 = service.protocol === 'http1';
    return {
      connector,
      transport: isHttp1
        ? openHttp1(connector)
        : new Http2Client(connector, service.timeouts, () => openHttp1(connector)),
    };
  };
}
