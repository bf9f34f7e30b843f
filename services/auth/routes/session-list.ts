// GET /auth/sessions: the caller's own living sessions, newest first.

import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { encodeSession } from '../http/encode-rows.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { loadPage, pageBody, pageQuery } from '../http/page.ts';
import { SessionBody } from '../http/schemas.ts';
import { listSessions } from '../store/sessions.ts';

const SessionsQuery = Type.Object(pageQuery, { additionalProperties: false });

export function sessionList({ db, secrets }: Pick<AuthDeps, 'db' | 'secrets'>) {
  return signedInEndpoint(
    {
      summary: 'Your living sessions',
      query: SessionsQuery,
      answers: { 200: pageBody(SessionBody) },
    },
    async ({ query, principal: { user, sessionId } }) => {
      const { rows, nextCursor } = await loadPage(
        `sessions ${user.id}`,
        query,
        secrets.cursorMac,
        (beforeId, limit) => listSessions(db, user.id, beforeId, limit),
      );
      return { items: rows.map((row) => encodeSession(row, sessionId)), next_cursor: nextCursor };
    },
  );
}
