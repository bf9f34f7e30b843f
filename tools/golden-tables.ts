// Writes the golden files of the resolved tables (`npm run golden`): what each gateway.yaml of the repository means,
// so that a change of a default or of the order of precedence shows in a review. tests/golden holds them to it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProgram } from '../cli/create-program.ts';

const files: Readonly<Record<string, string>> = {
  default: 'gateway.yaml',
  orders: 'examples/orders/gateway.yaml',
  hosts: 'tests/golden/gateway/hosts.yaml',
};

const root = join(import.meta.dirname, '..');

/** Path relative to the repository → content: what `pi gateway routes` says of each file. */
export async function renderGoldenTables(): Promise<ReadonlyMap<string, string>> {
  const tables = new Map<string, string>();
  for (const [name, file] of Object.entries(files)) {
    tables.set(`tests/golden/gateway/${name}.routes.txt`, await showRoutes(file));
    tables.set(`tests/golden/gateway/${name}.routes.json`, await showRoutes(file, '--json'));
  }
  return tables;
}

async function showRoutes(file: string, ...options: string[]): Promise<string> {
  let shown = '';
  const out = (text: string) => {
    shown += text;
  };
  const io = { env: {}, out, err: out, progress: () => {}, stdin: process.stdin };
  await createProgram(io).parseAsync(['gateway', 'routes', join(root, file), ...options], { from: 'user' });
  return shown;
}

if (import.meta.main) {
  for (const [path, content] of await renderGoldenTables()) {
    writeFileSync(join(root, path), content);
    console.log(path);
  }
}
