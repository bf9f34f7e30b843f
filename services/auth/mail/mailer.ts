// Sends mail through SMTP_URL, or writes it as a file into DATA_DIR/mail, where a developer reads it.

import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@pi-gateway/problem/app-error.ts';

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
    async send({ to, subject, text }) {
      const name = `${new Date().toISOString().replaceAll(':', '-')}-${crypto.randomUUID()}.eml`;
      const message = `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        // Renamed into place, so that whoever watches the folder never reads half a mail.
        await writeFile(join(folder, `.${name}`), message, { mode: 0o600 });
        await rename(join(folder, `.${name}`), join(folder, name));
      } catch (cause) {
        throw new AppError('unavailable', { cause });
      }
    },
    close: () => Promise.resolve(),
  };
}
