import { fileURLToPath } from 'node:url';
import { startProxy } from '../testing/start-proxy.ts';
import { describeVerify } from '../testing/verify-battery.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

describeVerify('HAProxy', (gateway, service) =>
  startProxy({
    program: 'haproxy',
    samples: [`${here}verify.cfg`, `${here}verify.lua`],
    gateway,
    service,
    args: (config) => ['-f', config],
  }),
);
