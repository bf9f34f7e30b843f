// Refreshes over HTTP, each with its audit event, beside pgbench that runs the same transaction on the same database
// over as many connections. Every client has an account and a session of its own, as pgbench has.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Queryable } from '@pi-gateway/auth/db/database.ts';
import { lockUserOfSession } from '@pi-gateway/auth/store/principals.ts';
import { saveRotation } from '@pi-gateway/auth/store/rotations.ts';
import { lockSession } from '@pi-gateway/auth/store/sessions.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { freePort } from '../../tools/free-port.ts';
import { median } from '../harness/measure.ts';
import { recordStatements, runPgbench, writeScript } from '../harness/pgbench.ts';
import { Processes, untilAnswers } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';
import { RefreshClient } from './refresh-client.ts';

const connections = 10;
const seconds = 3;
const rounds = 5;
const password = 'StrongPass123';
const allCores = `0-${availableParallelism() - 1}`;

export const refreshRow: Row = {
  id: 'refresh',
  question: 'How many refreshes does a database give?',
  programs: ['pgbench'],
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'pi-bench-'));
    const processes = new Processes();
    try {
      const database = await createTestDatabase();
      const port = await freePort();
      processes.start(allCores, [process.execPath, 'services/auth/main.ts'], {
        DATABASE_URL: database.url,
        DATABASE_POOL_MAX: String(connections),
        DATA_DIR: join(folder, 'auth'),
        MASTER_KEY: randomBytes(32).toString('hex'),
        AUTH_PORT: String(port),
        AUTH_METRICS_PORT: 'off',
        LOG_LEVEL: 'error',
        RATE_LIMIT_LOGIN_PER_IP: 'off',
        RATE_LIMIT_REGISTER_PER_IP: 'off',
      });
      await untilAnswers(`http://127.0.0.1:${port}/readyz`);
      const clients: RefreshClient[] = [];
      // pgbench has sessions of its own: what it writes into them would make their tokens used ones.
      const bareClients: RefreshClient[] = [];
      for (let at = 0; at < connections; at += 1) {
        clients.push(await RefreshClient.open(port, `user${at}@example.com`, password));
        bareClients.push(await RefreshClient.open(port, `other${at}@example.com`, password));
      }
      const script = writeScript(folder, 'refresh', await Promise.all(bareClients.map(recordRotation)));
      const rates = { http: [] as number[], bare: [] as number[] };
      for (let round = 0; round < rounds; round += 1) {
        rates.http.push(await refreshAll(clients));
        rates.bare.push(await runPgbench({ url: database.superuserUrl, script, connections, seconds }));
      }
      for (const client of [...clients, ...bareClients]) client.close();
      const [http, bare] = [median(rates.http), median(rates.bare)];
      return {
        lines: [
          { subject: 'pgbench, the same statements', 'a second': bare, '× pgbench': 1 },
          { subject: 'POST /auth/refresh', 'a second': http, '× pgbench': http / bare },
        ],
        goals: [{ name: 'refreshes over pgbench', value: http / bare, unit: '×', bound: 0.6, isFloor: true }],
      };
    } finally {
      await processes.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function refreshAll(clients: readonly RefreshClient[]): Promise<number> {
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  const counts = await Promise.all(clients.map((client) => client.refreshUntil(endMs)));
  const done = counts.reduce((sum, count) => sum + count, 0);
  return (done * 1000) / (performance.now() - startMs);
}

/** What services/auth/routes/session-refresh.ts sends to rotate this client's token. */
function recordRotation({ sessionId }: RefreshClient) {
  const nowMicros = Date.now() * 1000;
  const origin = { ip: '127.0.0.1', userAgent: null, requestId: uuidV7(nowMicros) };
  const rotation = { generation: 1, at: nowMicros, idleExpiresAt: nowMicros + 3600e6, origin };
  return recordStatements(async (db: Queryable) => {
    await lockUserOfSession(db, sessionId);
    await lockSession(db, sessionId);
    await saveRotation(db, sessionId, rotation);
  });
}
