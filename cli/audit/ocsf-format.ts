// `--format ocsf`: one OCSF 1.3 event a line, for SIEMs. What OCSF has no place for stands in `unmapped`.

import type { LoggedEvent } from '@pi-gateway/auth/audit/log-part.ts';
import type { ExportFormat } from './export-format.ts';
import { type OcsfClass, ocsfClasses, unknownOcsfClass } from './ocsf-classes.ts';

const schemaVersion = '1.3.0';
const product = { name: 'PI Gateway', vendor_name: 'PI Gateway' } as const;
/** The service itself, where nobody else acted or asked. */
const service = 'pi-gateway-auth';

export function encodeOcsf(event: LoggedEvent) {
  const known = (ocsfClasses as Readonly<Record<string, OcsfClass>>)[event.event] ?? unknownOcsfClass;
  const { uid, activity, activityName, severity } = known;
  const data = { ...Object(event.data), ...Object(event.person?.data ?? {}) } as Record<string, unknown>;
  const isSuccess = event.outcome === 'success';
  return {
    activity_id: activity,
    ...(activityName === undefined ? {} : { activity_name: activityName }),
    category_uid: Math.floor(uid / 1000),
    class_uid: uid,
    type_uid: uid * 100 + activity,
    time: Date.parse(event.at),
    severity_id: severity,
    status_id: isSuccess ? 1 : 2,
    ...(isSuccess ? {} : { status_detail: textOf(data['reason']) ?? event.outcome }),
    message: event.event,
    metadata: {
      version: schemaVersion,
      product,
      uid: event.id,
      event_code: event.event,
      log_name: 'audit',
      original_time: event.at,
      ...(event.requestId === null ? {} : { correlation_uid: event.requestId }),
    },
    actor: actorOf(event),
    src_endpoint: typeof event.person?.ip === 'string' ? { ip: event.person.ip } : { svc_name: service },
    ...(typeof event.person?.userAgent === 'string'
      ? { http_request: { user_agent: event.person.userAgent } }
      : {}),
    ...partsOf(uid, event, data),
    unmapped: data,
  };
}

function actorOf({ actorId, sessionId }: LoggedEvent) {
  if (actorId === null) return { app_name: service };
  const session = sessionId === null ? {} : { session: { uid: sessionId } };
  return { user: { uid: actorId }, ...session };
}

/** What the class demands beside what all have. */
function partsOf(uid: OcsfClass['uid'], event: LoggedEvent, data: Readonly<Record<string, unknown>>) {
  if (uid === 6003) return { api: { operation: operationOf(event, data), service: { name: service } } };
  const { targetId, sessionId } = event;
  // An attempt on an account that does not exist names what was tried, as long as the log tells it.
  const user = targetId === null ? { name: textOf(data['account']) ?? 'unknown' } : { uid: targetId };
  if (uid === 3001) return { user };
  const session = sessionId === null ? {} : { session: { uid: sessionId } };
  return { user, ...session, service: { name: service }, is_remote: true };
}

function operationOf({ event }: LoggedEvent, { method, route }: Readonly<Record<string, unknown>>): string {
  const [verb, path] = [textOf(method), textOf(route)];
  return verb === undefined || path === undefined ? event : `${verb} ${path}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export const ocsfFormat: ExportFormat = {
  hasSeals: false,
  head: () => '',
  event: (event) => `${JSON.stringify(encodeOcsf(event))}\n`,
  end: () => '',
};
