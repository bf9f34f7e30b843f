// @fastify/http-proxy as its README shows it.

import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { logRequest, port, readCheck, service } from './peer-settings.ts';

const check = await readCheck();
const app = fastify();
app.addHook('onRequest', async (request, reply) => logRequest(request.raw, reply.raw));
await app.register(httpProxy, {
  upstream: service,
  ...(check === undefined
    ? {}
    : {
        preHandler: (request, _reply, done) => {
          request.headers['x-user-id'] = check(request.headers.authorization).sub;
          done();
        },
      }),
});
await app.listen({ port, host: '127.0.0.1' });
