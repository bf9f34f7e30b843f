// GET /readyz: the service can do its work, which needs the database; 503 while it is away.

import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { endpoint } from '../http/endpoint.ts';

const ReadyBody = Type.Object({ status: Type.Literal('ready') });

export function readinessGet({ db }: Pick<AuthDeps, 'db'>) {
  return endpoint({ summary: 'The service can work', answers: { 200: ReadyBody } }, async () => {
    await db.query({ name: 'is-ready', text: 'select', values: [] });
    return { status: 'ready' };
  });
}
