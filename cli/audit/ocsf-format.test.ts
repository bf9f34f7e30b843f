import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditEventNames } from '@pi-gateway/auth/audit/audit-event.ts';
import type { LoggedEvent } from '@pi-gateway/auth/audit/log-part.ts';
import { ocsfClasses } from './ocsf-classes.ts';
import { encodeOcsf } from './ocsf-format.ts';

const id = '019a0000-0000-7000-8000-000000000001';
const event: LoggedEvent = {
  id,
  tx: 7,
  at: '2026-01-02T03:04:05.000006Z',
  event: 'login.failed',
  outcome: 'failure',
  actorId: null,
  targetId: id,
  sessionId: id,
  requestId: 'a-request',
  data: { reason: 'wrong_password' },
  personalHash: 'ab'.repeat(32),
  person: { ip: '192.0.2.1', userAgent: 'agent', data: { account: 'a@example.com' }, salt: 'cd'.repeat(16) },
};

// What the classes of OCSF 1.3.0 require, and where it must have at least one of several.
const required = ['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid'];
const requiredByClass: Readonly<Record<number, readonly string[]>> = {
  3001: ['user'],
  3002: ['user', 'service'],
  6003: ['actor', 'api', 'src_endpoint'],
};
const activities: Readonly<Record<number, readonly number[]>> = {
  3001: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 99],
  3002: [1, 2, 3, 4, 5, 6, 7, 99],
  6003: [1, 2, 3, 4, 99],
};

function check(given: LoggedEvent): void {
  const told = encodeOcsf(given) as unknown as Record<string, never> & {
    class_uid: number;
    activity_id: number;
    type_uid: number;
    category_uid: number;
    severity_id: number;
    time: number;
    metadata: { version: string; product: { vendor_name: string } };
  };
  const name = given.event;
  for (const field of [...required, ...requiredByClass[told.class_uid]!])
    assert.ok(field in told, `${name}: ${field}`);
  assert.equal(told.type_uid, told.class_uid * 100 + told.activity_id, name);
  assert.equal(told.category_uid, Math.floor(told.class_uid / 1000), name);
  assert.ok(activities[told.class_uid]!.includes(told.activity_id), name);
  assert.equal('activity_name' in told, told.activity_id === 99, name);
  assert.ok(Number.isInteger(told.severity_id) && told.severity_id >= 1 && told.severity_id <= 6, name);
  assert.equal(told.time, Date.parse('2026-01-02T03:04:05.000Z'), name);
  assert.deepEqual([told.metadata.version, told.metadata.product.vendor_name], ['1.3.0', 'PI Gateway']);
  const oneOf = (part: string, fields: readonly string[]) => {
    if (part in told)
      assert.ok(
        fields.some((field) => field in told[part]!),
        `${name}: ${part} has none of ${fields.join()}`,
      );
  };
  oneOf('user', ['account', 'name', 'uid']);
  oneOf('actor', ['process', 'user', 'invoked_by', 'session', 'app_name', 'app_uid']);
  oneOf('src_endpoint', [
    'ip',
    'uid',
    'name',
    'hostname',
    'svc_name',
    'instance_uid',
    'interface_uid',
    'domain',
  ]);
  if ('api' in told) assert.ok('operation' in told['api'], name);
}

test('every event name is told in a class of OCSF with all that the class requires', () => {
  for (const name of auditEventNames) {
    assert.ok(name in ocsfClasses, name);
    check({ ...event, event: name });
    check({ ...event, event: name, outcome: 'success', actorId: id });
    // Of the service itself, about nobody, and of a person who was erased.
    check({
      ...event,
      event: name,
      targetId: null,
      sessionId: null,
      requestId: null,
      data: {},
      person: null,
    });
  }
  check({ ...event, event: 'something.new' });
});

test('who tried what from where, and what came of it', () => {
  const told = encodeOcsf(event);
  assert.deepEqual(
    [told.type_uid, told.status_id, told.status_detail, told.src_endpoint, told.message],
    [300_201, 2, 'wrong_password', { ip: '192.0.2.1' }, 'login.failed'],
  );
  assert.deepEqual(told.unmapped, { reason: 'wrong_password', account: 'a@example.com' });
  const denied = encodeOcsf({
    ...event,
    event: 'access.denied',
    outcome: 'denied',
    actorId: id,
    data: { method: 'GET', route: '/admin/users', role: 'user' },
  });
  assert.deepEqual((denied as unknown as { api: object }).api, {
    operation: 'GET /admin/users',
    service: { name: 'pi-gateway-auth' },
  });
});
