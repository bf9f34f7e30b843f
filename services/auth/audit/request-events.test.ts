import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { routes } from '../routes.ts';
import { startTestAuth } from '../testing/start-test-auth.ts';
import { auditEventNames } from './audit-event.ts';
import { otherEvents, requestEvents } from './request-events.ts';

test('every route says what its outcomes leave in the audit log, and every event has a place it comes from', async (t) => {
  const auth = await startTestAuth((await createTestDatabase()).url);
  t.after(() => auth.close());
  const served = Object.values(routes(auth.deps, () => ({}))).flatMap((block) =>
    block.map(([method, url]) => `${method} ${url}`),
  );
  assert.deepEqual(Object.keys(requestEvents).toSorted(), served.toSorted());
  const told = [...Object.values(requestEvents), ...Object.values(otherEvents)]
    .flat()
    .map(([, leaves]) => leaves)
    .filter((leaves) => !leaves.startsWith('none: '));
  assert.deepEqual([...new Set(told)].toSorted(), auditEventNames.toSorted());
});
