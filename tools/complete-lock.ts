// Completes package-lock.json after `npm install` against a registry that carries only some platforms: npm
// then leaves the other platforms' optional packages out, and `npm ci` refuses the file everywhere, even
// where it would never have fetched them. Names and versions come from their owners' optionalDependencies,
// platforms from the package names, digests from the registry, by npm: where it does not carry a package none is added,
// and complete-lock.test.ts names those. Run: node tools/complete-lock.ts

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

type Entry = Record<string, unknown> & {
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly version?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};
type Lock = { packages: Record<string, Entry> };

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'aix', 'sunos'];
const processors = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x', 'loong64', 'wasm32'];

/** The npm platform fields that a name such as `@biomejs/cli-linux-arm64-musl` stands for. */
function platformOf(name: string): { cpu?: string[]; libc?: string[]; os?: string[] } {
  const words = name.split(/[-/]/);
  const system = systems.find((word) => words.includes(word));
  const processor = processors.find((word) => words.includes(word));
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return {
    ...(processor === undefined ? {} : { cpu: [processor] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
    ...(system === undefined ? {} : { os: [system] }),
  };
}

/** The same lock with an entry for each optional package that has none. */
export function completeLock(lock: Lock): Lock {
  const packages = { ...lock.packages };
  for (const owner of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      if (!/^\d/.test(version)) continue;
      const { os, ...hardware } = platformOf(name);
      const dev = owner.dev === true ? { dev: true } : {};
      packages[`node_modules/${name}`] ??= {
        version,
        ...hardware,
        ...dev,
        optional: true,
        ...(os && { os }),
      };
    }
  }
  const sorted = Object.entries(packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'));
  return { ...lock, packages: Object.fromEntries(sorted) };
}

/** Paths of what comes from a registry and has no digest to be held to. */
export function listUnverifiable(lock: Lock): string[] {
  return Object.entries(lock.packages)
    .filter(([path, { link, integrity }]) => /(^|\/)node_modules\//.test(path) && !link && !integrity)
    .map(([path]) => path);
}

const viewTimeoutMs = 20_000;

/** The same lock with the digests that the registry knows. */
function addDigests(lock: Lock): Lock {
  const packages = { ...lock.packages };
  for (const path of listUnverifiable(lock)) {
    const { version, ...rest } = packages[path]!;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const view = ['view', `${name}@${version}`, 'dist.integrity'];
    const { stdout } = spawnSync('npm', view, { encoding: 'utf8', timeout: viewTimeoutMs });
    const integrity = stdout.trim();
    if (integrity !== '') packages[path] = { version: version!, integrity, ...rest };
  }
  return { ...lock, packages };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  writeFileSync('package-lock.json', `${JSON.stringify(addDigests(completeLock(lock)), null, 2)}\n`);
}
