// What a page shows of an answer against the answer itself.

import assert from 'node:assert/strict';

/** `…` on the page stands for anything within a line. */
export function assertShown(actual: string, shown: string): void {
  const parts = shown.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  assert.match(actual.trimEnd(), new RegExp(`^${parts.join('[^\n]*?')}$`));
}
