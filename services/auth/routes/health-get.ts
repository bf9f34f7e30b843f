// GET /health and /livez: the process answers. Nothing behind it is asked: a database that is away must not
// make an orchestrator kill the service that waits for it.

import { Type } from 'typebox';
import { endpoint } from '../http/endpoint.ts';

const HealthBody = Type.Object({ status: Type.Literal('ok'), service: Type.Literal('auth') });

export function healthGet() {
  return endpoint({ summary: 'The service runs', answers: { 200: HealthBody } }, () =>
    Promise.resolve({ status: 'ok', service: 'auth' }),
  );
}
