// Structured logs as JSON lines on standard error; standard output is for people (banner, tables).
// The redaction list is a last line of defence: code never hands a secret to a log in the first place.

import { destination, type Logger, pino } from 'pino';

export type Log = Logger;
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const secretFields = [
  'password',
  'token',
  'access_token',
  'refresh_token',
  'authorization',
  'cookie',
  'secret',
];

/** A logger for one service; `service` stands in every line. Times are RFC 3339 UTC. */
export function createLog(options: { readonly service: string; readonly level: LogLevel }): Log {
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[redacted]',
      },
    },
    destination({ dest: 2, sync: true }),
  );
}
