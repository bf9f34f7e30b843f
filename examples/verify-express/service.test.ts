import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { testVerifyingService } from '@pi-gateway/access-token/testing/test-verifying-service.ts';
import { createService } from './service.ts';

await testVerifyingService(async (tokens) => {
  const server = createService(tokens).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
});
