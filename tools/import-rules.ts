// "One direction", as data: who may import whom. Each rule takes one file and tells what it breaks.
// The layers of a service, from the top: main → config → deps → app → routes or pipeline → routes/* or
// steps/* → store, redis and the like → domain. Types may be imported upward (they are gone at run time),
// except by the domain.

import type { ImportedFile, Source } from './read-source.ts';

type Rule = (source: Source) => string[];

const isTest = (path: string) => path.endsWith('.test.ts') || /(?:^tests|\/testing)\//.test(path);
const isDomain = (path: string) => /^services\/[^/]+\/domain\//.test(path);
const isService = (path: string) => path.startsWith('services/');

/** The part of the tree a file belongs to: `services/auth`, `packages/env`, `launch` … */
export function areaOf(path: string): string {
  const [top = '', second = ''] = path.split('/');
  return ['services', 'packages', 'examples'].includes(top) ? `${top}/${second}` : top;
}

const reachable: Readonly<Record<string, readonly string[]>> = {
  packages: ['packages'],
  services: ['packages'],
  deploy: ['packages', 'services'],
  launch: ['packages', 'services', 'deploy'],
  cli: ['packages', 'services', 'launch'],
  examples: [],
  tools: ['packages', 'services', 'launch', 'cli'],
  bench: ['packages', 'services', 'launch', 'tools'],
};
/** What is published: examples show it as a stranger's service would use it. */
const published = ['packages/access-token'];
const reachableByTests = ['packages', 'services', 'launch', 'tools', 'tests', 'cli', 'examples'];

const areas: Rule = ({ path, imports }) =>
  imports.filter(isOwn).flatMap(({ target }) => {
    const [from, to] = [areaOf(path), areaOf(target)];
    if (from === to) return [];
    const top = (area: string) => area.split('/', 1)[0] ?? '';
    if (isTest(path) && !isService(path) && reachableByTests.includes(top(to))) return [];
    if (isTest(path) && ['launch', 'tests'].includes(top(to))) return [];
    if (top(from) === 'examples' && published.includes(to)) return [];
    return reachable[top(from)]?.includes(top(to)) === true
      ? []
      : [`${from} must not import ${to} (${target})`];
  });

const packageNames: Rule = ({ path, imports }) =>
  imports
    .filter(
      ({ target, relative }) => relative && areaOf(target) !== areaOf(path) && areaOf(target).includes('/'),
    )
    .filter(() => areaOf(path).includes('/'))
    .map(({ target }) => `import ${target} by its package's name, not by a path out of the workspace`);

const layers = ['main.ts', 'config.ts', 'deps.ts', 'app.ts', 'routes.ts', 'routes/', 'store/', 'domain/'];
const sameLayer: Readonly<Record<string, string>> = {
  'pipeline.ts': 'routes.ts',
  'steps/': 'routes/',
  'endpoints/': 'routes/',
};

function layerOf(path: string): number {
  const inside = path.split('/').slice(2).join('/');
  const head = inside.includes('/') ? `${inside.split('/', 1)[0]}/` : inside;
  const layer = layers.indexOf(sameLayer[head] ?? head);
  return layer === -1 ? layers.indexOf('store/') : layer;
}

const downward: Rule = ({ path, imports }) =>
  isService(path) && !isTest(path) && !isDomain(path)
    ? imports
        .filter(({ target, typeOnly }) => isService(target) && !typeOnly && layerOf(target) < layerOf(path))
        .map(({ target }) => `imports upward: ${target}`)
    : [];

const pure = ['node:assert', 'node:buffer', 'node:crypto', 'node:net', 'node:punycode', 'node:url'];
const impurePackages = ['packages/log', 'packages/http-front', 'packages/limiter', 'packages/env'];

const domain: Rule = ({ path, imports }) =>
  isDomain(path) && !isTest(path)
    ? imports
        .filter(({ target }) => {
          if (isService(target)) return !isDomain(target);
          if (target.startsWith('node:')) return !pure.includes(target);
          return impurePackages.includes(areaOf(target)) || databases.includes(target);
        })
        .map(({ target }) => `the domain is pure and imports only its siblings: ${target}`)
    : [];

const databases = ['pg', 'pg-pool', 'node-pg-migrate'];

const noDatabase: Rule = ({ path, imports }) =>
  ['services/auth', 'launch', 'cli', 'tests', 'bench', 'tools', 'deploy'].includes(areaOf(path))
    ? []
    : imports
        .filter(({ target }) => databases.includes(target))
        .map(({ target }) => `only auth knows the database: ${target}`);

const processOwners = ['launch', 'cli', 'tools', 'tests', 'bench', 'deploy', 'examples/orders'];

const processAccess: Rule = ({ path, processUses }) =>
  isTest(path) || processOwners.includes(areaOf(path)) || path.endsWith('/main.ts')
    ? []
    : processUses.map((use) => `only main.ts touches the process: ${use}`);

/** The development inbox: in no service, and in no run but the embedded one. */
const inbox = 'launch/inbox/';

const development: Rule = ({ path, imports }) =>
  path.startsWith(inbox) || path === 'launch/embedded.ts' || areaOf(path) === 'tools' || isTest(path)
    ? []
    : imports
        .filter(({ target }) => target.startsWith(inbox))
        .map(({ target }) => `only the embedded run serves the development inbox: ${target}`);

const noBarrel: Rule = ({ path, reexports }) => [
  ...(reexports ? ['hands on the exports of another file: import the file that owns them'] : []),
  ...(/(^|\/)index\.ts$/.test(path) ? ['no index.ts: name the file after what it does'] : []),
];

const names: Rule = ({ path }) =>
  path
    .split('/')
    .filter((part) => /^(utils?|helpers?|common|lib|misc|shared)(\.ts)?$/.test(part))
    .map((part) => `"${part}" names no duty`);

const rules: readonly Rule[] = [
  areas,
  packageNames,
  downward,
  domain,
  noDatabase,
  processAccess,
  development,
  noBarrel,
  names,
];

function isOwn({ target }: ImportedFile): boolean {
  return (
    Object.keys(reachable)
      .concat('tests')
      .includes(target.split('/', 1)[0] ?? '') && target.includes('/')
  );
}

/** Everything the file breaks, one line each; nothing when all is well. */
export function judgeImports(source: Source): string[] {
  return rules.flatMap((rule) => rule(source)).map((message) => `${source.path}: ${message}`);
}
