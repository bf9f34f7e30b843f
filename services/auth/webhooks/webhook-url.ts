// The URL of an endpoint, judged before it is stored: what can be told without asking the DNS. The address that is
// connected to is judged again each time (send-webhook.ts).

import { isIP } from 'node:net';
import { isPublicAddress } from './public-address.ts';

const lengthMax = 2048;

/** `allowPrivate`: private addresses and plain http too. @throws {Error} that says what it must be. */
export function readWebhookUrl(text: string, allowPrivate: boolean): string {
  if (!URL.canParse(text) || text.length > lengthMax) throw new Error('the URL must be an https URL');
  const url = new URL(text);
  const isWeb = url.protocol === 'https:' || (allowPrivate && url.protocol === 'http:');
  if (!isWeb) {
    throw new Error(
      url.protocol === 'http:'
        ? 'the URL must be an https URL (WEBHOOK_ALLOW_PRIVATE=on allows http)'
        : 'the URL must be an https URL',
    );
  }
  if (url.username !== '' || url.password !== '') throw new Error('the URL must hold no user and password');
  if (url.hash !== '') throw new Error('the URL must have no fragment');
  const host = hostOf(url);
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) {
    throw new Error(`${host} is no public address (WEBHOOK_ALLOW_PRIVATE=on allows it)`);
  }
  return url.href;
}

/** Without the brackets of an IPv6 address. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
