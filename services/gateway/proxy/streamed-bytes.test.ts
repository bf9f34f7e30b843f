import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noteStreamed } from './streamed-bytes.ts';

test('what has passed does not pile up, however few objects are made beside it', () => {
  const pieceBytes = 64 * 1024;
  let mostBytes = 0;
  for (let i = 0; i < 4000; i += 1) {
    noteStreamed(Buffer.alloc(pieceBytes, i).length);
    mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers);
  }
  assert.ok(mostBytes < 24 * 1024 * 1024, `${mostBytes} bytes of ${4000 * pieceBytes} lay there`);
});
