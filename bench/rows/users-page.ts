// A page of users out of a million, beside one out of ten thousand: GET /admin/users at auth itself, pages from the
// whole of the list by their cursors, one after the other.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { freePort } from '../../tools/free-port.ts';
import { otherCores, Processes, untilAnswers } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';

const sizes = [10_000, 1_000_000] as const;
const pages = 400;
const warmUpPages = 50;
const admin = { email: 'admin@example.com', password: 'StrongPass123' } as const;

export const usersPageRow: Row = {
  id: 'users-page',
  question: 'What does a page of users cost out of a million?',
  programs: [],
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'pi-bench-'));
    const processes = new Processes();
    try {
      const database = await createTestDatabase();
      const port = await freePort();
      processes.start(otherCores, [process.execPath, 'services/auth/main.ts'], {
        DATABASE_URL: database.url,
        DATA_DIR: join(folder, 'auth'),
        MASTER_KEY: randomBytes(32).toString('hex'),
        AUTH_PORT: String(port),
        AUTH_METRICS_PORT: 'off',
        LOG_LEVEL: 'error',
        ADMIN_PASSWORD: admin.password,
      });
      const origin = `http://127.0.0.1:${port}`;
      await untilAnswers(`${origin}/readyz`);
      const authorization = await signIn(origin);
      const lines: { users: number; 'p50 ms': number; 'p99 ms': number }[] = [];
      let there = 0;
      for (const users of sizes) {
        await addUsers(database.superuserUrl, there, users);
        there = users;
        const times = (await readPages(origin, authorization)).toSorted((a, b) => a - b);
        const at = (share: number): number => times[Math.floor(times.length * share)]!;
        lines.push({ users, 'p50 ms': at(0.5), 'p99 ms': at(0.99) });
      }
      const value = lines[1]!['p99 ms'] / lines[0]!['p99 ms'];
      return { lines, goals: [{ name: 'p99 at a million over 10,000', value, unit: '×', bound: 1.5 }] };
    } finally {
      await processes.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function signIn(origin: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(admin);
  const answer = await fetch(`${origin}/auth/login`, { method: 'POST', headers, body });
  const { access_token } = (await answer.json()) as { access_token: string };
  return `Bearer ${access_token}`;
}

async function addUsers(url: string, from: number, to: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `insert into users (id, email, password_hash, role, created_at, tokens_valid_after)
      select uuid_v7(at), 'user' || n || '@example.com', 'none', 'user', at, at
      from (select n, now() - make_interval(secs => 2000000 - n) as at from generate_series($1::int + 1, $2::int) n) as made`,
    [from, to],
  );
  await client.query('vacuum analyze users');
  await client.end();
}

/** Milliseconds of each. */
async function readPages(origin: string, authorization: string): Promise<number[]> {
  const times: number[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pages + warmUpPages; page += 1) {
    const startMs = performance.now();
    const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await fetch(`${origin}/admin/users?limit=50${from}`, { headers: { authorization } });
    const body = (await answer.json()) as { items: unknown[]; next_cursor: string | null };
    if (page >= warmUpPages) times.push(performance.now() - startMs);
    if (!answer.ok || body.items.length === 0) throw new Error(`no page of users: ${answer.status}`);
    cursor = body.next_cursor;
  }
  return times;
}
