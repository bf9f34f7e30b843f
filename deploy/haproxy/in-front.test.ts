import { fileURLToPath } from 'node:url';
import { describeInFront } from '../testing/in-front-battery.ts';
import { startProxy } from '../testing/start-proxy.ts';

describeInFront('HAProxy', (gateway) =>
  startProxy({
    program: 'haproxy',
    samples: [fileURLToPath(new URL('in-front.cfg', import.meta.url))],
    gateway,
    args: (config) => ['-f', config],
  }),
);
