// GET /readyz: the service can do its work, which needs the database; 503 while it is away, and once the process is to
// end: a load balancer then sends the next requests elsewhere.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { endpoint } from '../http/endpoint.ts';

const ReadyBody = Type.Object({ status: Type.Literal('ready') });

export function readinessGet({ db, drain }: Pick<AuthDeps, 'db' | 'drain'>) {
  return endpoint({ summary: 'The service can work', answers: { 200: ReadyBody } }, async () => {
    if (drain.isBegun()) throw new AppError('unavailable', { detail: 'This process is about to end.' });
    await db.query({ name: 'is-ready', text: 'select', values: [] });
    return { status: 'ready' };
  });
}
