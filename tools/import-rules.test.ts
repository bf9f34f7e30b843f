import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeImports } from './import-rules.ts';
import { readSource } from './read-source.ts';

const workspaces = new Map([
  ['@pi-gateway/auth', 'services/auth'],
  ['@pi-gateway/gateway', 'services/gateway'],
  ['@pi-gateway/access-token', 'packages/access-token'],
  ['@pi-gateway/env', 'packages/env'],
  ['@pi-gateway/log', 'packages/log'],
]);

const judge = (path: string, text: string) => judgeImports(readSource(path, text, workspaces));

const refused: readonly (readonly [guarantee: string, path: string, text: string])[] = [
  [
    'services never import each other',
    'services/gateway/app.ts',
    "import { a } from '@pi-gateway/auth/app.ts';",
  ],
  ['packages never import services', 'packages/env/a.ts', "import { a } from '@pi-gateway/auth/app.ts';"],
  [
    'a workspace is not left by a path',
    'services/auth/app.ts',
    "import { a } from '../../packages/env/a.ts';",
  ],
  ['the stack has no development inbox', 'launch/stack.ts', "import { a } from './inbox/start-inbox.ts';"],
  ['nobody imports the tests', 'launch/a.ts', "import { a } from '../tests/journeys/a.ts';"],
  [
    'the demo service knows nothing of us',
    'examples/orders/a.ts',
    "import { a } from '@pi-gateway/env/a.ts';",
  ],
  ['a package is known by its bare name too', 'examples/a/b.ts', "import { a } from '@pi-gateway/env';"],
  ['a route does not import app.ts', 'services/auth/routes/me.ts', "import { a } from '../app.ts';"],
  [
    'the store does not import a route',
    'services/auth/store/users.ts',
    "import { a } from '../routes/me.ts';",
  ],
  ['a dynamic import counts too', 'services/auth/store/users.ts', "const a = await import('../app.ts');"],
  ['config does not import main', 'services/auth/config.ts', "import { a } from './main.ts';"],
  ['the domain does not import the store', 'services/auth/domain/a.ts', "import { a } from '../store/a.ts';"],
  ['not even its types', 'services/auth/domain/a.ts', "import type { A } from '../store/a.ts';"],
  ['the domain does no I/O', 'services/auth/domain/a.ts', "import { readFile } from 'node:fs/promises';"],
  ['the domain does not log', 'services/auth/domain/a.ts', "import { a } from '@pi-gateway/log/log.ts';"],
  ['the gateway has no database', 'services/gateway/deps.ts', "import pg from 'pg';"],
  ['only main.ts reads the environment', 'services/auth/config.ts', 'const a = process.env;'],
  ['only main.ts takes signals', 'packages/log/log.ts', "process.on('SIGTERM', stop);"],
  ['no barrel', 'packages/env/all.ts', "export { a } from './a.ts';"],
  ['no barrel under the usual name', 'packages/env/index.ts', 'export const a = 1;'],
  ['no folder without a duty', 'services/auth/utils/a.ts', 'export const a = 1;'],
  ['no file without a duty', 'services/auth/store/helpers.ts', 'export const a = 1;'],
];

for (const [guarantee, path, text] of refused) {
  test(`refused: ${guarantee}`, () =>
    assert.equal(judge(path, text).length, 1, judge(path, text).join('\n')));
}

const allowed: readonly (readonly [why: string, path: string, text: string])[] = [
  ['main imports config', 'services/auth/main.ts', "import { a } from './config.ts';"],
  ['main reads the environment', 'services/auth/main.ts', 'const a = process.env;'],
  ['a route imports the domain', 'services/auth/routes/me.ts', "import { a } from '../domain/a.ts';"],
  ['a step imports routing', 'services/gateway/steps/match.ts', "import { a } from '../routing/a.ts';"],
  [
    'a route takes the type of its deps',
    'services/auth/routes/me.ts',
    "import type { D } from '../deps.ts';",
  ],
  [
    'a test starts the real parts',
    'services/auth/app.test.ts',
    "import { a } from '../../launch/postgres.ts';",
  ],
  ['auth knows the database', 'services/auth/store/users.ts', "import pg from 'pg';"],
  ['the launcher starts services', 'launch/embedded.ts', "import { a } from '@pi-gateway/auth/app.ts';"],
  [
    'an example uses what is published',
    'examples/verify/a.ts',
    "import { a } from '@pi-gateway/access-token';",
  ],
  ['a comment imports nothing', 'packages/env/a.ts', '// process.env is read by main.ts'],
];

for (const [why, path, text] of allowed) {
  test(`allowed: ${why}`, () => assert.deepEqual(judge(path, text), []));
}
