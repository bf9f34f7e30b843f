// Reads from one TypeScript file what the import rules look at. Biome keeps the form of every file fixed
// (single quotes, one import a statement at the start of a line), so regular expressions suffice.

export type ImportedFile = {
  /** Relative to the repository, or the bare name of an npm package or a `node:` module. */
  readonly target: string;
  readonly typeOnly: boolean;
  readonly relative: boolean;
};

export type Source = {
  readonly path: string;
  readonly imports: readonly ImportedFile[];
  /** True when it hands on another file's exports. */
  readonly reexports: boolean;
  /** `process.env`, `process.exit` … as far as it touches them. */
  readonly processUses: readonly string[];
};

const statements = [
  /^import\s+(?<type>type\s)?[^'"`;]*?from\s+'(?<from>[^']+)'/gm,
  /^import\s+'(?<from>[^']+)'/gm,
  /\bimport\('(?<from>[^']+)'\)/g,
  /^export\s+(?<type>type\s+)?(?:\*|\{[^}]*\})[^'"`;]*?from\s+'(?<from>[^']+)'/gm,
];
const reexport = /^export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^'"`;]*?from\s+'/m;
const processUse = /\bprocess\.(env|exit|exitCode|on|once|argv|chdir|kill)\b/g;

/** `workspaces` maps a package name (`@pi-gateway/env`) to its folder (`packages/env`). */
export function readSource(path: string, text: string, workspaces: ReadonlyMap<string, string>): Source {
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  const imports = statements.flatMap((statement) =>
    [...code.matchAll(statement)].map((match) => {
      const specifier = match.groups?.['from'] ?? '';
      return {
        target: resolveImport(path, specifier, workspaces),
        typeOnly: match.groups?.['type'] !== undefined,
        relative: specifier.startsWith('.'),
      };
    }),
  );
  return {
    path,
    imports,
    reexports: reexport.test(code),
    processUses: [...new Set([...code.matchAll(processUse)].map((match) => match[0]))],
  };
}

function resolveImport(from: string, specifier: string, workspaces: ReadonlyMap<string, string>): string {
  if (specifier.startsWith('.')) {
    return new URL(specifier, `file:///${from}`).pathname.slice(1);
  }
  for (const [name, folder] of workspaces) {
    if (specifier === name || specifier.startsWith(`${name}/`)) return folder + specifier.slice(name.length);
  }
  return specifier;
}
