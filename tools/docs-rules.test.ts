import assert from 'node:assert/strict';
import { test } from 'node:test';
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

const sh = (text: string) => `\`\`\`sh\n${text}\n\`\`\`\n`;
const translate = (one: string, two: string) =>
  judgeTranslation(
    new Map([
      ['a.md', one],
      ['b.md', two],
    ]),
    'a.md',
    'b.md',
  );

test('a translation may say it in other words', () => {
  assert.deepEqual(translate(`# Hello\nText\n${sh('ls')}`, `# Привет\nТекст\n${sh('ls')}`), []);
});

test('a translation with a heading less is refused', () => {
  assert.equal(translate('# A\n## B\n', '# A\n').length, 1);
});

test('a translation with another command is refused', () => {
  assert.equal(translate(sh('npm start'), sh('npm run start')).length, 1);
});

test('a translation that lacks a command is refused', () => {
  assert.equal(translate(sh('ls'), '').length, 1);
});

const links = (text: string) =>
  judgeLinks(
    new Map([
      ['docs/a.md', text],
      ['README.md', '# Ways to run\n'],
    ]),
    (path) => path === 'README.md',
  );

test('links to files and headings that exist are fine, and so are other sites', () => {
  assert.deepEqual(links('[a](../README.md) [b](../README.md#ways-to-run) [c](https://example.com)'), []);
});

for (const link of ['nowhere.md', '../README.md#nowhere', '../../outside.md', '/README.md']) {
  test(`a link that leads nowhere is refused: ${link}`, () => assert.equal(links(`[a](${link})`).length, 1));
}

test('a link in code is no link', () => assert.deepEqual(links('`[a](nowhere.md)`'), []));

test('a stale generated page is refused', () => {
  assert.equal(judgeGenerated(new Map([['a.md', 'old']]), new Map([['a.md', 'new']])).length, 1);
  assert.equal(judgeGenerated(new Map([['a.md', 'new']]), new Map([['a.md', 'new']])).length, 0);
});

for (const line of ['cd /root/x', 'in /home/ann/x', 'see https://npm.registry.example/a', 'TODO: later']) {
  test(`refused in a committed text: ${line}`, () => assert.equal(judgeText('a.ts', line).length, 1));
}

test('paths inside a container or a URL are no machine paths', () => {
  assert.deepEqual(judgeText('a.md', 'curl localhost:8080/work/items; /etc/nginx; $HOME/root/x'), []);
});

test('a table of routes that lacks one, or names one that is not there, is refused', () => {
  const routes = "['GET', '/auth/me', userMe()],\n['DELETE', '/auth/sessions/:id', sessionDelete(deps)],";
  const judge = (page: string) =>
    judgeRoutes(
      new Map([
        ['a.md', page],
        ['routes.ts', routes],
      ]),
      'a.md',
      'routes.ts',
    );
  assert.deepEqual(judge('| `GET /auth/me` | x |\n| `DELETE /auth/sessions/{id}` | y |\n'), []);
  assert.deepEqual(judge('| `GET /auth/me` | x |\n'), ['a.md: lacks DELETE /auth/sessions/{id}']);
  assert.equal(judge('| `GET /auth/you` | x |\n').length, 3);
});

test('a page that names a test its file does not have is refused', () => {
  const files = new Map([
    ['a/b.test.ts', "test('holds', () => {});\n  test(\"holds, doesn't it\", () => {});"],
  ]);
  const judge = (names: string) =>
    judgeTestNames(new Map([['docs/a.md', `[b](../a/b.test.ts): ${names}.`]]), files);
  assert.deepEqual(judge("*holds*; *holds, doesn't it*"), []);
  assert.deepEqual(judge('*holds*; *hol*'), ['docs/a.md: a/b.test.ts has no test "hol"']);
});

test('a block that names a file and is not what the file holds is refused', () => {
  const files = new Map([['deploy/a.cfg', 'one\ntwo\n']]);
  const judge = (block: string) => judgeQuotedFiles(new Map([['docs/a.md', block]]), files);
  assert.deepEqual(judge('```cfg file=deploy/a.cfg\none\ntwo\n```'), []);
  assert.deepEqual(judge('```cfg file=deploy/a.cfg\none\n```'), [
    'docs/a.md:1: is not what deploy/a.cfg holds',
  ]);
  assert.equal(judge('```cfg file=deploy/gone.cfg\none\n```').length, 1);
});

test('a table that lacks a name, invents one or names one twice is refused', () => {
  const judge = (...cells: string[]) =>
    judgeNamed(new Map([['a.md', cells.map((cell) => `| \`${cell}\` | x |`).join('\n')]]), 'a.md', [
      'one',
      'two',
    ]);
  assert.deepEqual(judge('one', 'two'), []);
  assert.deepEqual(judge('one'), ['a.md: lacks two']);
  assert.deepEqual(judge('one', 'two', 'three'), ['a.md: there is no three']);
  assert.deepEqual(judge('one', 'two', 'one'), ['a.md: names one twice']);
});
