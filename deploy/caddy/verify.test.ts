import { fileURLToPath } from 'node:url';
import { startProxy } from '../testing/start-proxy.ts';
import { describeVerify } from '../testing/verify-battery.ts';

describeVerify('Caddy', (gateway, service) =>
  startProxy({
    program: 'caddy',
    samples: [fileURLToPath(new URL('verify.Caddyfile', import.meta.url))],
    gateway,
    service,
    args: (config) => ['run', '--adapter', 'caddyfile', '--config', config],
  }),
);
