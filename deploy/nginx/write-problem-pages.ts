// Writes snippets/problem-pages.conf anew: `node deploy/nginx/write-problem-pages.ts`.

import { writeFileSync } from 'node:fs';
import { renderProblemPages } from './render-problem-pages.ts';

writeFileSync(new URL('snippets/problem-pages.conf', import.meta.url), renderProblemPages());
