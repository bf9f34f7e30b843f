// The configuration of the entrance as text: nginx.conf.template with its placeholders filled. Used by the stack on
// one machine, by the image and by tests, so that all of them run the same entrance.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type NginxOptions = {
  /** `127.0.0.1:8080`, `8080`, `[::]:8080` or `unix:/path`. */
  readonly listen: string;
  /** One or more gateways: `unix:/path` or `host:port`. */
  readonly gateways: readonly string[];
  /** Networks (CIDR) whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[];
  /** An existing folder for the pid file and temporary files. */
  readonly runDir: string;
  /** A file, or `/dev/stdout`. */
  readonly accessLog: string;
  /** A file, or `stderr`. */
  readonly errorLog: string;
  /** The account of the workers when started as root; otherwise leave it out. */
  readonly workerUser?: string;
  /** Worker processes; one for each core when left out. */
  readonly workers?: number;
  /** Requests one address may have under way at once. */
  readonly connectionsPerAddress?: number;
  /** Adds a TLS listener; paths of PEM files. */
  readonly tls?: { readonly listen: string; readonly certificateFile: string; readonly keyFile: string };
};

const here = fileURLToPath(new URL('.', import.meta.url));

/** One word for nginx, spaces and semicolons included; throws for what could end it or name a variable. */
function quote(value: string): string {
  if (value === '' || /["\\$\r\n]/.test(value)) {
    throw new Error(`nginx configuration cannot hold ${JSON.stringify(value)}`);
  }
  return `"${value}"`;
}

/** nginx alone would keep `[::]` to IPv6, unlike the services behind it. */
function renderListen(listen: string): string {
  return listen.startsWith('[::]:') ? `${quote(listen)} ipv6only=off` : quote(listen);
}

function renderTls(tls: NginxOptions['tls'], snippets: string): string {
  if (tls === undefined) return '';
  return [
    `listen ${renderListen(tls.listen)} ssl http2 default_server;`,
    `ssl_certificate ${quote(tls.certificateFile)};`,
    `ssl_certificate_key ${quote(tls.keyFile)};`,
    `include ${quote(`${snippets}/tls.conf`)};`,
  ].join('\n    ');
}

/** The text of nginx.conf. Run it as `nginx -e stderr -p <runDir> -c <file>`. */
export function renderNginxConf(options: NginxOptions): string {
  const snippets = `${here}snippets`;
  const values: Record<string, string> = {
    USER: options.workerUser === undefined ? '' : `user ${quote(options.workerUser)};`,
    WORKERS: options.workers === undefined ? 'auto' : String(options.workers),
    RUN_DIR: quote(options.runDir).slice(1, -1), // the template quotes these two, as it appends to them
    ERROR_LOG: quote(options.errorLog),
    ACCESS_LOG: quote(options.accessLog),
    SNIPPETS: quote(snippets).slice(1, -1),
    TRUSTED_PROXIES: options.trustedProxies.map((network) => `${quote(network)} 1;`).join('\n    '),
    REAL_IP: options.trustedProxies.map((network) => `set_real_ip_from ${quote(network)};`).join('\n  '),
    GATEWAYS: options.gateways.map((gateway) => `server ${quote(gateway)} max_fails=0;`).join('\n    '),
    LISTEN: renderListen(options.listen),
    TLS: renderTls(options.tls, snippets),
    CONNECTIONS_PER_ADDRESS: String(options.connectionsPerAddress ?? 2000),
  };
  const template = readFileSync(`${here}nginx.conf.template`, 'utf8');
  return template.replace(/\$\{([A-Z_]+)\}/g, (_all, name: string) => values[name] ?? _all);
}
