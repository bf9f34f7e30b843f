import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { serviceFlags } from './service-flags.ts';

const root = join(import.meta.dirname, '..');

test('each way to start a service gives Node the same flags', () => {
  const flags = serviceFlags.join(' ');
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const systemd = (name: string) => readFileSync(join(root, 'deploy/systemd', name), 'utf8');
  const places = {
    start: [scripts['start']!, `node ${flags} launch/embedded.ts`],
    stack: [scripts['stack']!, `node ${flags} launch/stack.ts`],
    auth: [systemd('pi-auth.service'), `node ${flags} services/auth/main.ts`],
    gateway: [systemd('pi-gateway.service'), `node ${flags} services/gateway/main.ts`],
    // For compose and Kubernetes too, whose commands run in it.
    image: [readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8'), `NODE_OPTIONS=${flags}\n`],
  };
  for (const [place, [text, wanted]] of Object.entries(places)) assert.ok(text!.includes(wanted!), place);
});
