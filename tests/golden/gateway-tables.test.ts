import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderGoldenTables } from '../../tools/golden-tables.ts';

const root = join(import.meta.dirname, '../..');

for (const [path, content] of await renderGoldenTables()) {
  test(`${path} is what its file means (after a wanted change: npm run golden)`, () =>
    assert.equal(content, readFileSync(join(root, path), 'utf8')));
}
