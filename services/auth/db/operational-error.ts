// Tells a database that cannot serve now from a statement that is wrong. Everything that is not an answer of
// PostgreSQL at all (refused, reset, timed out) is operational; of its answers, the classes below are
// (PostgreSQL manual, appendix A).

import pg from 'pg';

const operationalClasses = new Set(['08', '40', '53', '55', '57', '58', 'XX']);
const operationalCodes = new Set([
  '0A000', // a kept plan that a migration made stale; the connection is dropped and the plan with it
  '25006', // read-only: a standby, or a server that protects a full disk
  '25P03', // idle in a transaction for too long
  '28000', // the role was changed or is not there yet
  '28P01',
  '3D000', // the database is being re-created
]);

/** True for what a retry may mend; the caller answers 503 and drops the connection. */
export function isOperational(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return isConnectionError(error);
  const code = error.code ?? '';
  return operationalCodes.has(code) || operationalClasses.has(code.slice(0, 2));
}

// `pg` throws plain errors for its own time-outs and lost connections, Node throws system errors.
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'Error') return error instanceof AggregateError;
  if ('code' in error && typeof error.code === 'string') return /^(E[A-Z_]+|CERT_|DEPTH_)/.test(error.code);
  return /timeout|terminated|Connection|not queryable|Cannot use a pool/i.test(error.message);
}
