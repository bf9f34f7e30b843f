// For tests: the one question of the fuzz. What we take for an answer, others take for the same answer; what we
// refuse is nobody's loss.

import assert from 'node:assert/strict';
import type { AnswerReading, GivenAnswer } from './read-answer.ts';
import { readByNode } from './read-by-node.ts';
import { readByUndici } from './read-by-undici.ts';
import { readByUs } from './read-by-us.ts';

/**
 * @param cuts where the pieces end in which we read.
 * @returns whether we took it, and whether one of the others did.
 */
export async function compareReadings(
  given: GivenAnswer,
  cuts: readonly number[],
): Promise<{ readonly byUs: boolean; readonly byOthers: boolean }> {
  const ours = readByUs(given);
  assert.deepEqual(readByUs(given, cuts), ours, 'the pieces in which it came changed the reading');
  const { answer, length } = ours;
  const byOthers = await readByOthers(given, answer);
  // Bytes behind an answer end the connection with us; others may refuse the answer for them as well.
  const isTaken = byOthers || (await readByOthers({ ...given, bytes: given.bytes.slice(0, length) }, answer));
  assert.ok(answer === undefined || isTaken, 'we alone take it for an answer');
  return { byUs: answer !== undefined, byOthers };
}

/** Whether one of them takes it for an answer; then it has to be ours. */
async function readByOthers(given: GivenAnswer, ours: AnswerReading): Promise<boolean> {
  const [node, undici] = await Promise.all([readByNode(given), readByUndici(given)]);
  if (ours === undefined) return node !== undefined || undici !== undefined;
  if (node !== undefined) assert.deepEqual(ours, node, 'read differently by node:http');
  if (undici !== undefined) assert.deepEqual(ours, undici, 'read differently by undici');
  return node !== undefined || undici !== undefined;
}
