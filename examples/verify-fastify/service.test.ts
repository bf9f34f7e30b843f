import { testVerifyingService } from '@pi-gateway/access-token/testing/test-verifying-service.ts';
import { createService } from './service.ts';

await testVerifyingService(async (tokens) => {
  const app = createService(tokens);
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() };
});
