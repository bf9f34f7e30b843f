// One attempt: a connection of its own to an address that was looked at, one POST, and the status of the answer. A name is
// resolved once, all its addresses are judged, and exactly those are connected to, so that a name which answers differently
// the second time reaches nothing else. No redirect is followed, and nothing of the answer's body is read.

import { type LookupAddress, lookup } from 'node:dns';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { WebhookAnswer, WebhookFailure } from '../domain/decide-webhook-outcome.ts';
import { isPublicAddress } from './public-address.ts';
import type { WebhookMessage } from './webhook-message.ts';
import { hostOf } from './webhook-url.ts';

export type Resolve = (
  host: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

export type SendOptions = {
  readonly allowPrivate: boolean;
  /** From the look-up to the head of the answer. */
  readonly timeoutMs: number;
  /** Ends it sooner. */
  readonly signal?: AbortSignal;
  /** Unset: the system's resolver. */
  readonly resolve?: Resolve;
};

const headBytesMax = 16_384;

class AddressRefused extends Error {}

/** Never rejects: what goes wrong is an answer too. */
export function sendWebhook(
  href: string,
  message: WebhookMessage,
  options: SendOptions,
): Promise<WebhookAnswer> {
  const url = new URL(href);
  const host = hostOf(url);
  // Taken in while it was allowed, maybe.
  const isRefused = url.protocol !== 'https:' || (isIP(host) !== 0 && !isPublicAddress(host));
  if (!options.allowPrivate && isRefused) return Promise.resolve(none('address_refused'));
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const { promise, resolve } = Promise.withResolvers<WebhookAnswer>();
  const request = openRequest(url, message, {
    lookup: lookupAllowed(options),
    signal: options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]),
  });
  request.on('response', (response) => {
    resolve(readAnswer(response));
    request.destroy();
  });
  request.on('error', (error) => resolve(none(failureOf(error, timeout.aborted))));
  // Ended without an answer and without an error; what came first stands.
  request.on('close', () => resolve(none('unreachable')));
  request.end(message.body);
  return promise;
}

function openRequest(
  url: URL,
  { body, headers }: WebhookMessage,
  options: { readonly lookup: LookupFunction; readonly signal: AbortSignal },
): ClientRequest {
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return open(url, {
    ...options,
    method: 'POST',
    // Closed after one answer: the address of the next is judged anew.
    agent: false,
    maxHeaderSize: headBytesMax,
    headers: { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' },
  });
}

function lookupAllowed({ allowPrivate, resolve = resolveBySystem }: SendOptions): LookupFunction {
  return (host, options, done) => {
    resolve(host, (error, addresses) => {
      const isRefused = !allowPrivate && addresses.some(({ address }) => !isPublicAddress(address));
      const failure = error ?? (isRefused ? new AddressRefused() : null);
      if (failure !== null || options.all === true) done(failure, [...addresses]);
      else done(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}

// On a thread of libuv's pool, as password hashes; libuv itself leaves these half of the threads whatever hangs here.
function resolveBySystem(...[host, done]: Parameters<Resolve>): void {
  lookup(host, { all: true }, (error, addresses) => done(error, error === null ? addresses : []));
}

function readAnswer({ statusCode = 0, headers }: IncomingMessage): WebhookAnswer {
  const asked = headers['retry-after'];
  const retryAfterSeconds = asked !== undefined && /^\d{1,9}$/.test(asked) ? Number(asked) : undefined;
  return { kind: 'status', status: statusCode, retryAfterSeconds };
}

const none = (failure: WebhookFailure): WebhookAnswer => ({ kind: 'none', failure });

function failureOf(error: Error & { readonly code?: unknown }, isLate: boolean): WebhookFailure {
  if (error instanceof AddressRefused) return 'address_refused';
  if (isLate) return 'timeout';
  const code = typeof error.code === 'string' ? error.code : '';
  if (['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA'].includes(code)) return 'unknown_host';
  if (code.startsWith('HPE_')) return 'bad_answer';
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|EPROTO)/.test(code)) return 'tls';
  return code === 'ETIMEDOUT' ? 'timeout' : 'unreachable';
}
