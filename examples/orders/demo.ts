// `npm run demo`: the embedded run with the orders service behind its gateway. When one of the two ends, the
// other is stopped.

import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const gatewayConfig = join(import.meta.dirname, 'gateway.yaml');

const children = [join(import.meta.dirname, 'main.ts'), join(root, 'launch', 'embedded.ts')].map((program) =>
  spawn(process.execPath, [program], {
    stdio: 'inherit',
    env: { ...process.env, GATEWAY_CONFIG: gatewayConfig, PORT: process.env['ORDERS_PORT'] ?? '9000' },
  }),
);

function stop(signal: 'SIGINT' | 'SIGTERM'): void {
  for (const child of children) child.kill(signal);
}

for (const child of children) {
  child.once('exit', (code) => {
    if (code !== 0 && process.exitCode === undefined) process.exitCode = code ?? 1;
    stop('SIGTERM');
  });
}
process.on('SIGINT', () => stop('SIGINT'));
process.on('SIGTERM', () => stop('SIGTERM'));
