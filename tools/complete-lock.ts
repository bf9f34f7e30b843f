// Completes package-lock.json after `npm install` against a registry that carries only some platforms: npm
// then leaves the other platforms' optional packages out, and `npm ci` refuses the file everywhere, even
// where it would never have fetched them. Names and versions come from their owners' optionalDependencies,
// platforms from the package names. Run: node tools/complete-lock.ts

import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

type Entry = Record<string, unknown> & {
  readonly dev?: boolean;
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  writeFileSync('package-lock.json', `${JSON.stringify(completeLock(lock), null, 2)}\n`);
}
