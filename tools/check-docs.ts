// The docs checks: README.md and README.ru.md tell the same, links lead somewhere, generated pages are fresh,
// no committed text names a machine. That the README's commands work is shown by tests/journeys.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasons } from '@pi-gateway/gateway/observe/proxy-status.ts';
import {
  judgeGenerated,
  judgeLinks,
  judgeNamed,
  judgeQuotedFiles,
  judgeRoutes,
  judgeTestNames,
  judgeText,
  judgeTranslation,
} from './docs-rules.ts';
import { generatePages } from './generate-docs.ts';

// Holds on purpose what the rules refuse.
const counterexamples = 'tools/docs-rules.test.ts';
const texts =
  /\.(?:md|ts|js|json|yaml|yml|sql|lua|conf|cfg|Caddyfile|svg|sh|example)$|(?:^|\/)(?:Dockerfile|\.npmrc|run)$/;

/** The complaints about the repository at `root`, one line each. */
export function checkDocs(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const paths = listed.split('\n').filter((path) => texts.test(path) && existsSync(join(root, path)));
  const files = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
  const pages = new Map([...files].filter(([path]) => path.endsWith('.md')));
  return [
    ...judgeTranslation(files, 'README.md', 'README.ru.md'),
    ...judgeRoutes(files, 'README.md', 'services/auth/routes.ts'),
    ...judgeRoutes(files, 'README.ru.md', 'services/auth/routes.ts'),
    ...judgeLinks(pages, (path) => existsSync(join(root, path))),
    ...judgeNamed(files, 'docs/reference/failure-modes.md', Object.keys(reasons)),
    ...judgeTestNames(pages, files),
    ...judgeQuotedFiles(pages, files),
    ...judgeGenerated(files, generatePages()),
    ...[...files].flatMap(([path, text]) => (path === counterexamples ? [] : judgeText(path, text))),
  ];
}

if (import.meta.main) {
  const complaints = checkDocs(join(import.meta.dirname, '..'));
  for (const complaint of complaints) console.error(complaint);
  if (complaints.length > 0) process.exitCode = 1;
}
