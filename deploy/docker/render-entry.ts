// The entrance's configuration inside its image, on standard output: settings in, from build arguments.

import { renderNginxConf } from '../nginx/render-nginx-conf.ts';

const { GATEWAY_ADDRESS: gateway, TRUSTED_PROXIES: proxies = '', TLS: tls = 'off' } = process.env;
if (!gateway) throw new Error('GATEWAY_ADDRESS: must be set to host:port of the gateway');
if (tls !== 'on' && tls !== 'off') throw new Error('TLS: must be on or off');

process.stdout.write(
  renderNginxConf({
    listen: '8080',
    gateways: [gateway],
    trustedProxies: proxies.split(/[\s,]+/).filter(Boolean),
    runDir: '/tmp',
    accessLog: '/dev/stdout',
    errorLog: 'stderr',
    ...(tls === 'on'
      ? {
          tls: {
            listen: '8443',
            certificateFile: '/etc/nginx/tls/tls.crt',
            keyFile: '/etc/nginx/tls/tls.key',
          },
        }
      : {}),
  }),
);
