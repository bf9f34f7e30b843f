// A page of users out of a million, beside one out of ten thousand: GET /admin/users at auth itself, pages from the
// whole of the list by their cursors, one after the other.

import { withAuth } from '../harness/auth.ts';
import { benchPassword } from '../harness/bench-password.ts';
import { otherCores } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';

const sizes = [10_000, 1_000_000] as const;
const pages = 400;
const warmUpPages = 50;

export const usersPageRow: Row = {
  id: 'users-page',
  question: 'What does a page of users cost out of a million?',
  programs: [],
  run: () =>
    withAuth({ cores: otherCores, env: { ADMIN_PASSWORD: benchPassword } }, async (auth) => {
      const { access_token } = await auth.signIn('admin@example.com');
      const lines: { users: number; 'p50 ms': number; 'p99 ms': number }[] = [];
      let there = 0;
      for (const users of sizes) {
        await auth.query(addUsers, [there, users]);
        await auth.query('vacuum analyze users');
        there = users;
        const times = (await readPages(auth.origin, `Bearer ${access_token}`)).toSorted((a, b) => a - b);
        const at = (share: number): number => times[Math.floor(times.length * share)]!;
        lines.push({ users, 'p50 ms': at(0.5), 'p99 ms': at(0.99) });
      }
      const value = lines[1]!['p99 ms'] / lines[0]!['p99 ms'];
      return { lines, goals: [{ name: 'p99 at a million over 10,000', value, unit: '×', bound: 1.5 }] };
    }),
};

const addUsers = `insert into users (id, email, password_hash, role, created_at, tokens_valid_after)
  select uuid_v7(at), 'user' || n || '@example.com', 'none', 'user', at, at
  from (select n, now() - make_interval(secs => 2000000 - n) as at from generate_series($1::int + 1, $2::int) n) as made`;

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
