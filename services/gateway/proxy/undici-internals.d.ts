// The one part of undici that the transport needs. Its index would load all of it (fetch, WebSocket, caches,
// mocks): 14 MB of memory and 80 ms of start for nothing. The version is pinned, and the tests use them.

declare module 'undici/lib/dispatcher/pool.js' {
  import type { Pool } from 'undici';

  const pool: typeof Pool;
  export default pool;
}
