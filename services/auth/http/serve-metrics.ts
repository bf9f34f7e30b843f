// The metrics port: /metrics and nothing else, on a server of its own that no entrance reaches.

import { createServer, type Server } from 'node:http';
import type { Metrics } from '../metrics/metrics.ts';

export function createMetricsServer(metrics: Metrics): Server {
  return createServer((req, res) => {
    if (req.method !== 'GET' || req.url !== '/metrics') {
      res.writeHead(404).end();
      return;
    }
    metrics.render().then(
      (text) => res.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => res.writeHead(500).end(),
    );
  });
}
