// http-proxy-3 as its README shows it, with a keep-alive agent towards the service.

import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'http-proxy-3';
import { logRequest, port, readCheck, service } from './peer-settings.ts';

const check = await readCheck();
const proxy = createProxyServer({ target: service, agent: new Agent({ keepAlive: true }) });
createServer((req, res) => {
  logRequest(req, res);
  try {
    if (check !== undefined) req.headers['x-user-id'] = check(req.headers.authorization).sub;
  } catch {
    res.writeHead(401).end();
    return;
  }
  proxy.web(req, res);
}).listen(port, '127.0.0.1');
