// The inbox's own setting, and the gate that decides whether there is an inbox at all.

import { isLocalOrigin } from '@pi-gateway/env/local-origin.ts';
import { portOrOff } from '@pi-gateway/env/setting-kinds.ts';

export const inboxSettings = {
  mailInboxPort: portOrOff('MAIL_INBOX_PORT', {
    default: '8025',
    doc: 'The port, on loopback only, of the page that shows the mail of a development run: `npm start` with REGISTRATION=verified, without SMTP_URL, HOST and PUBLIC_URL of this machine. 0 for any free one, or off.',
  }),
} as const;

const loopback = ['127.0.0.1', '::1', 'localhost'];

export type InboxConditions = {
  readonly registration: string;
  readonly smtpUrl: string | undefined;
  readonly host: string;
  readonly publicUrl: string | undefined;
};

/** Only a run that nobody but this machine can reach, and whose mail goes into a folder. */
export function isInboxWanted(conditions: InboxConditions): boolean {
  const { registration, smtpUrl, host, publicUrl } = conditions;
  return (
    registration === 'verified' &&
    smtpUrl === undefined &&
    loopback.includes(host) &&
    (publicUrl === undefined || isLocalOrigin(publicUrl))
  );
}
