// The development inbox: one page with the mail of the embedded run. It listens on loopback, on a port of its own
// that no entrance passes on; its path holds a secret of this run's data, so that other accounts of the machine
// read nothing; and only a request that names this machine is answered, so that no foreign page reads it through a
// browser (DNS rebinding).

import { randomUUID, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFrontServer } from '@pi-gateway/http-front/front-server.ts';
import { refuse } from '@pi-gateway/http-front/refuse.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { toAppError } from '@pi-gateway/problem/encode-problem.ts';
import { listMails } from '../../services/auth/mail/mail-folder.ts';
import { settlePorts } from '../settle-ports.ts';
import { pagePolicy, renderInbox } from './render-inbox.ts';

export type Inbox = {
  /** Whoever has it reads the mail. */
  readonly url: string;
  close(): Promise<void>;
};

export type InboxOptions = {
  readonly port: number;
  readonly masterKey: Buffer;
  readonly folder: string;
  readonly log: Log;
};

const host = '127.0.0.1';
const shownMax = 50;
const limits = {
  headersTimeoutMs: 5000,
  requestTimeoutMs: 5000,
  keepAliveTimeoutMs: 5000,
  maxConnections: 16,
};
const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': pagePolicy,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** @throws {LaunchError} when the port is taken. */
export async function startInbox({ port: wanted, masterKey, folder, log }: InboxOptions): Promise<Inbox> {
  const settled = await settlePorts(host, [{ setting: 'MAIL_INBOX_PORT', port: wanted }]);
  const path = `/${deriveSecret(masterKey, 'mail-inbox/v1').toString('base64url')}`;
  const server = createFrontServer({ log, requestId: randomUUID, ...limits }, (request, response) => {
    answer(request, path, port, folder).then(
      (page) => response.writeHead(200, pageHeaders).end(page),
      (thrown: unknown) => {
        const error = toAppError(thrown);
        if (error.code === 'internal') log.error({ err: error.cause }, 'the mail could not be shown');
        refuse(request, response, error, randomUUID());
      },
    );
  });
  server.listen({ host, port: Number(settled['MAIL_INBOX_PORT']) });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}${path}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(request: IncomingMessage, path: string, port: number, folder: string): Promise<string> {
  const { method, url = '', headers } = request;
  if (headers.host !== `${host}:${port}` && headers.host !== `localhost:${port}`) {
    throw new AppError('misdirected_request');
  }
  if (!isSame(url, path)) throw new AppError('not_found');
  if (method !== 'GET' && method !== 'HEAD') {
    throw new AppError('method_not_allowed', { headers: { allow: 'GET, HEAD' } });
  }
  return renderInbox(await listMails(folder, shownMax));
}

function isSame(given: string, path: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(path)];
  return one.length === other.length && timingSafeEqual(one, other);
}
