import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { askSecret } from './ask-secret.ts';

async function ask(typed: string) {
  const input = new PassThrough();
  let shown = '';
  const answer = askSecret('Password: ', { input, err: (text) => (shown += text) });
  input.write(typed);
  return { answer: await answer, shown };
}

test('what is typed is answered and never shown', async () => {
  assert.deepEqual(await ask('nine grün ladders\r'), { answer: 'nine grün ladders', shown: 'Password: \n' });
  assert.deepEqual(
    await ask('nine\u007fX\r'),
    { answer: 'ninX', shown: 'Password: \n' },
    'a letter taken back',
  );
});

test('Ctrl-C and Ctrl-D answer nothing', async () => {
  for (const key of ['\u0003', '\u0004']) {
    assert.deepEqual(await ask(key), { answer: undefined, shown: 'Password: \n' });
  }
});
