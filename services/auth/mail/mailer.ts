// Sends mail through SMTP_URL, or writes it as a file into DATA_DIR/mail, where a developer reads it.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { writeMail } from './mail-folder.ts';

type Mail = { readonly to: string; readonly subject: string; readonly text: string };

export type Mailer = {
  /** Resolves when the mail server has taken it. @throws {AppError} `unavailable` when it does not. */
  send(mail: Mail): Promise<void>;
  close(): Promise<void>;
};

export type MailOptions = {
  readonly smtpUrl: string | undefined;
  readonly from: string;
  readonly folder: string;
};

const timeoutMs = 1500;

export function createMailer({ smtpUrl, from, folder }: MailOptions): Mailer {
  return smtpUrl === undefined ? createFileMailer(folder, from) : createSmtpMailer(smtpUrl, from);
}

function createSmtpMailer(smtpUrl: string, from: string): Mailer {
  // Loaded here: a service that sends no mail by SMTP does not pay for it.
  const opening = import('nodemailer').then(({ createTransport }) =>
    createTransport({
      url: smtpUrl,
      pool: true,
      maxConnections: 2,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    }),
  );
  return {
    async send(mail) {
      try {
        await (await opening).sendMail({ from, ...mail });
      } catch (cause) {
        throw new AppError('unavailable', { cause });
      }
    },
    async close() {
      (await opening).close();
    },
  };
}

function createFileMailer(folder: string, from: string): Mailer {
  return {
    async send(mail) {
      try {
        await writeMail(folder, { from, ...mail }, new Date());
      } catch (cause) {
        throw new AppError('unavailable', { cause });
      }
    },
    close: () => Promise.resolve(),
  };
}
