// `--limit`, with the bounds of the API's lists.

import { readWholeUpTo } from './read-whole.ts';

export const readLimit = readWholeUpTo(200);
