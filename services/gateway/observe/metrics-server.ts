// `/metrics` on a port of its own: it never stands on a port that clients reach.

import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';

/** Answers GET and HEAD of /metrics with Prometheus' text form, anything else with a bare 404. */
export function createMetricsServer(registry: Registry): Server {
  return createServer({ headersTimeout: 5000, requestTimeout: 10_000 }, (req, res) => {
    if (req.url !== '/metrics' || (req.method !== 'GET' && req.method !== 'HEAD')) {
      res.writeHead(404, { 'content-length': 0, connection: 'close' }).end();
      return;
    }
    registry.metrics().then(
      (text) =>
        res.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' }).end(text),
      () => res.writeHead(500, { 'content-length': 0 }).end(),
    );
  });
}
