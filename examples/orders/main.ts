// Starts the demo service. It listens on loopback only: whoever could reach it past the gateway could claim
// to be anybody. On several machines use a private network, or mutual TLS, for the same end.

import { createServer } from 'node:http';
import { createOrders } from './orders.ts';

const port = Number(process.env['PORT'] ?? 9000);
const server = createServer(createOrders());

server.on('error', (error: NodeJS.ErrnoException) => {
  console.error(`orders: cannot listen on 127.0.0.1:${port} (${error.code}); choose another PORT`);
  process.exitCode = 1;
});
server.listen(port, '127.0.0.1', () => console.log(`orders: http://127.0.0.1:${port}`));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
