// Runs the service: `ISSUER=http://localhost:8080 node examples/verify-express/main.ts`, with ISSUER the PUBLIC_URL
// of the PI Gateway whose tokens it takes.

import { createTokenVerifier } from '@pi-gateway/access-token';
import { createService } from './service.ts';

const { ISSUER: issuer = 'http://localhost:8080', PORT: port = '9201' } = process.env;
const tokens = createTokenVerifier({ issuer, onFetchFailed: (error) => console.error(error) });
createService(tokens).listen(Number(port), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${port}`);
});
