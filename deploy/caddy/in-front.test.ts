import { fileURLToPath } from 'node:url';
import { describeInFront } from '../testing/in-front-battery.ts';
import { startProxy } from '../testing/start-proxy.ts';

describeInFront('Caddy', (gateway) =>
  startProxy({
    program: 'caddy',
    samples: [fileURLToPath(new URL('in-front.Caddyfile', import.meta.url))],
    gateway,
    args: (config) => ['run', '--adapter', 'caddyfile', '--config', config],
  }),
);
