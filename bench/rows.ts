// Every benchmark, in the order in which they run.

import type { Row } from './harness/row.ts';
import { auditPagesRow } from './rows/audit-pages.ts';
import { bodiesRow } from './rows/bodies.ts';
import { gatewayRow } from './rows/gateway.ts';
import { loginRow, registerRow } from './rows/hashing.ts';
import { limitsRow } from './rows/limits.ts';
import { logoutRow } from './rows/logout.ts';
import { introspectionRow, meRow } from './rows/reads.ts';
import { refreshRow } from './rows/refresh.ts';
import { revocationsRow } from './rows/revocations.ts';
import { routesRow } from './rows/routes.ts';
import { startRow } from './rows/start.ts';
import { tlsRow } from './rows/tls.ts';
import { tokensRow } from './rows/tokens.ts';
import { transportsRow } from './rows/transports.ts';
import { usersPageRow } from './rows/users-page.ts';
import { verifyRow } from './rows/verify.ts';
import { workersRow } from './rows/workers.ts';

export const rows: readonly Row[] = [
  gatewayRow,
  transportsRow,
  tokensRow,
  workersRow,
  routesRow,
  limitsRow,
  revocationsRow,
  tlsRow,
  bodiesRow,
  verifyRow,
  loginRow,
  registerRow,
  refreshRow,
  logoutRow,
  meRow,
  introspectionRow,
  usersPageRow,
  auditPagesRow,
  startRow,
];
