// GET /auth/activity: the caller's own trail in the audit log, newest first: what he did and what was done to him.

import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { ActivityBody, encodeActivity } from '../http/encode-activity.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { loadPage, pageBody, pageQuery } from '../http/page.ts';
import { listActivity } from '../store/activity.ts';

const ActivityQuery = Type.Object(pageQuery, { additionalProperties: false });

export function activityList({ db, secrets }: Pick<AuthDeps, 'db' | 'secrets'>) {
  return signedInEndpoint(
    {
      summary: 'What you did, and what was done to your account',
      query: ActivityQuery,
      answers: { 200: pageBody(ActivityBody) },
    },
    async ({ query, principal: { user } }) => {
      const { rows, nextCursor } = await loadPage(
        `activity ${user.id}`,
        query,
        secrets.cursorMac,
        (beforeId, limit) => listActivity(db, user.id, beforeId, limit),
      );
      return { items: rows.map((row) => encodeActivity(row, user.id)), next_cursor: nextCursor };
    },
  );
}
