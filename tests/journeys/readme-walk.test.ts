// Every command of README.md, run word for word by bash against a fresh embedded run, its answer compared with
// what the page shows (`…` stands for anything). The run listens on free ports: curl is told to connect there
// when a command says localhost:8080, so not one character of the page is changed but the admin's password.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type FreshRun, runInBash, startFreshRun } from '../../tools/fresh-run.ts';
import { type CodeBlock, readPage } from '../../tools/markdown.ts';
import { assertShown } from './assert-shown.ts';

const root = join(import.meta.dirname, '..', '..');
const { blocks } = readPage(readFileSync(join(root, 'README.md'), 'utf8'));
const commands = (section: string) =>
  blocks.filter((block) => block.section === section && block.language === 'sh');

/** The answer that the page shows for a block: the next one, unless it is a command again. */
function shownAfter(block: CodeBlock): string | undefined {
  const next = blocks[blocks.indexOf(block) + 1];
  return next?.section === block.section && ['json', 'text'].includes(next.language) ? next.text : undefined;
}

// Boxes are drawn to the width of what stands in them, and no two starts take equally long.
const withoutDrawing = (text: string) =>
  text
    .replaceAll(/[ ─]{2,}/g, ' ')
    .replaceAll(/\d+\.\d s\b/g, 'N s')
    .trim();

const installsAndStarts = 'npm ci && npm start';
const testsEverything = 'npm ci && npm test'; // this very run

test('no command of README.md is left without a test', () => {
  const tested = ['Start', 'Walk through it', 'Put your own service behind it', 'The command line'].flatMap(
    commands,
  );
  const others = blocks.filter(
    (block) => ['sh', 'bash', 'shell'].includes(block.language) && !tested.includes(block),
  );
  assert.deepEqual(
    others.map(({ text }) => text),
    [testsEverything],
  );
  assert.deepEqual(
    commands('Start').map(({ text }) => text),
    [installsAndStarts],
  );
});

test('npm start and npm run demo start what these tests start', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  assert.match(scripts['start'] ?? '', /\bnode (?:--\S+ )*launch\/embedded\.ts$/);
  assert.match(scripts['demo'] ?? '', /\bnode examples\/orders\/demo\.ts$/);
});

describe('the walk through README.md on a first start', () => {
  let run: FreshRun;
  before(async () => {
    run = await startFreshRun('launch/embedded.ts');
  });
  after(() => run.stop());

  test('prints the box that the page shows', () => {
    const [start] = commands('Start');
    assert.ok(start !== undefined);
    assertShown(withoutDrawing(run.output()), withoutDrawing(shownAfter(start) ?? ''));
  });

  test('answers each command as the page says', () => {
    const password = /password\s+(\S+)/i.exec(run.output())?.[1];
    assert.ok(password !== undefined, 'the box shows the password of the admin');
    const steps = commands('Walk through it');
    const answers = runInBash(
      run,
      steps.map(({ text }) => text.replace('the-password-from-the-box', password)),
    );
    for (const [index, step] of steps.entries()) {
      const shown = shownAfter(step);
      if (shown !== undefined) assertShown(answers[index] ?? '', shown);
    }
  });

  test('npx pi works on the run that is up', () => {
    const [users] = runInBash(
      run,
      commands('The command line').map(({ text }) => text),
    );
    assert.match(users ?? '', /admin@example\.com/);
  });
});

describe('the demo service of README.md', () => {
  let run: FreshRun;
  before(async () => {
    run = await startFreshRun('examples/orders/demo.ts');
  });
  after(() => run.stop());

  test('answers as the page says', () => {
    const [demo] = commands('Put your own service behind it');
    assert.ok(demo !== undefined);
    const [answer] = runInBash(run, [demo.text]);
    assertShown(answer ?? '', shownAfter(demo) ?? '');
  });
});
