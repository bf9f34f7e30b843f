// fast-gateway as its README shows it, its check as a middleware of the route.

import gateway from 'fast-gateway';
import { logRequest, port, readCheck, service } from './peer-settings.ts';

const check = await readCheck();
const middlewares = [
  (req: Parameters<typeof logRequest>[0], res: Parameters<typeof logRequest>[1], next: () => void) => {
    logRequest(req, res);
    try {
      if (check !== undefined) req.headers['x-user-id'] = check(req.headers.authorization).sub;
      next();
    } catch {
      res.writeHead(401).end();
    }
  },
];
const server = gateway({ middlewares, routes: [{ prefix: '', target: service }] });
await server.start(port, '127.0.0.1');
