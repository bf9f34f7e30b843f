// `GET /`: what this is and where to go on, unless a route of the file stands for it.

import type { Exchange } from '../exchange.ts';
import { answerJson } from './answer-json.ts';

const version = '0.1.0';

export function answerRoot(x: Exchange): void {
  const links = {
    health: '/health',
    openapi: '/openapi.json',
    jwks: '/.well-known/jwks.json',
    register: '/api/auth/register',
    login: '/api/auth/login',
    me: '/api/auth/me',
  };
  answerJson(x, { name: 'PI Gateway', version, links }, 'no-cache');
}
