// The entrance's configuration from settings in the environment, to the file that is named or to standard output. The
// defaults are those of its image.

import { writeFileSync } from 'node:fs';
import { renderNginxConf } from './render-nginx-conf.ts';

const {
  GATEWAY_ADDRESS = '',
  TRUSTED_PROXIES = '',
  LISTEN = '8080',
  TLS = 'off',
  TLS_LISTEN = '8443',
  TLS_CERTIFICATE = '/etc/nginx/tls/tls.crt',
  TLS_KEY = '/etc/nginx/tls/tls.key',
  RUN_DIR = '/tmp',
  ACCESS_LOG = '/dev/stdout',
  WORKER_USER = '',
} = process.env;
const wordsOf = (list: string): string[] => list.split(/[\s,]+/).filter(Boolean);

function render(): string {
  const gateways = wordsOf(GATEWAY_ADDRESS);
  if (gateways.length === 0)
    throw new Error('GATEWAY_ADDRESS: must name a gateway as host:port, or several of them');
  if (TLS !== 'on' && TLS !== 'off') throw new Error('TLS: must be on or off');
  return renderNginxConf({
    listen: LISTEN,
    gateways,
    trustedProxies: wordsOf(TRUSTED_PROXIES),
    runDir: RUN_DIR,
    accessLog: ACCESS_LOG,
    errorLog: 'stderr',
    ...(WORKER_USER === '' ? {} : { workerUser: WORKER_USER }),
    ...(TLS === 'on'
      ? { tls: { listen: TLS_LISTEN, certificateFile: TLS_CERTIFICATE, keyFile: TLS_KEY } }
      : {}),
  });
}

const [file] = process.argv.slice(2);
try {
  const text = render();
  if (file === undefined) process.stdout.write(text);
  else writeFileSync(file, text);
} catch (cause) {
  process.stderr.write(`${(cause as Error).message}\n`);
  process.exitCode = 1;
}
