// Makes assets/terminal-demo.svg: starts the product in an empty folder, types the commands below into a real
// bash and draws what really came back. Tokens, ids, passwords and the folder's path are cut short. The drawing shows
// line after line; where motion is unwanted, all at once. Run: node tools/make-terminal-demo.ts

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInBash, startFreshRun } from './fresh-run.ts';

const json = `-H 'content-type: application/json'`;
const account = `-d '{"email":"user@example.com","password":"StrongPass123"}'`;
const field = (name: string) => `node -p 'JSON.parse(process.argv[1]).${name}' "$LOGIN"`;

/** `shown` is drawn; `quiet` runs after it, unseen. */
const steps: readonly { shown: string; quiet?: string }[] = [
  { shown: `curl -s localhost:8080/api/auth/register ${json} ${account}` },
  {
    shown: `LOGIN=$(curl -s localhost:8080/api/auth/login ${json} ${account}); echo $LOGIN`,
    quiet: `ACCESS=$(${field('access_token')}); REFRESH=$(${field('refresh_token')})`,
  },
  { shown: `curl -s localhost:8080/api/auth/me -H "authorization: Bearer $ACCESS"` },
  { shown: `curl -s localhost:8080/api/admin/users -H "authorization: Bearer $ACCESS"` },
  {
    shown: `curl -s -w '%{http_code}' localhost:8080/api/auth/logout ${json} -d "{\\"refresh_token\\":\\"$REFRESH\\"}"`,
  },
  { shown: `curl -s localhost:8080/api/auth/me -H "authorization: Bearer $ACCESS"` },
];

const columns = 104;
const lineHeightPx = 19;
const charWidthPx = 8;
const marginPx = 22;

type Line = { readonly text: string; readonly kind: 'typed' | 'printed'; readonly atSeconds: number };

const secrets: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/(eyJ[\w-]{9})[\w-]+\.[\w-]+\.[\w-]+/g, '$1…'],
  [/(pir_[\w-]{8})[\w-]+/g, '$1…'],
  [/\b([0-9a-f]{8})-[0-9a-f]{4}-7[0-9a-f-]{21}\b/g, '$1…'],
];

function shorten(text: string): string {
  return secrets.reduce((short, [pattern, replacement]) => short.replaceAll(pattern, replacement), text);
}

function wrap(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const pieces: string[] = [];
    for (let from = 0; from < line.length || from === 0; from += columns) {
      pieces.push(line.slice(from, from + columns));
    }
    return pieces;
  });
}

async function record(): Promise<Line[]> {
  const run = await startFreshRun('launch/embedded.ts');
  try {
    const answers = runInBash(
      run,
      steps.flatMap(({ shown, quiet }) => [shown, `${quiet ?? ''}\n`]),
    );
    const password = /password\s+(\S+)/i.exec(run.output())?.[1] ?? '';
    const hidden = `${password.slice(0, 4)}…`.padEnd(password.length);
    const box = run
      .output()
      .replaceAll(password, hidden)
      .replaceAll(/\S+\/\.data(?= )/g, (path) => '…/.data'.padEnd(path.length));
    const lines: Line[] = [];
    let atSeconds = 0.5;
    const add = (text: string, kind: Line['kind']) => {
      for (const piece of wrap(text)) lines.push({ text: piece, kind, atSeconds });
    };
    add('$ npm ci && npm start', 'typed');
    atSeconds += 1.5;
    add(box.trimEnd(), 'printed');
    for (const [index, { shown }] of steps.entries()) {
      atSeconds += 1.5;
      add('', 'printed');
      add(`$ ${shown}`, 'typed');
      atSeconds += 0.7;
      add(shorten(answers[index * 2]?.trim() ?? ''), 'printed');
    }
    return lines;
  } finally {
    await run.stop();
  }
}

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function draw(lines: readonly Line[]): string {
  const width = columns * charWidthPx + 2 * marginPx;
  const height = lines.length * lineHeightPx + 2 * marginPx + 20;
  const rows = lines.flatMap(({ text, kind, atSeconds }, index) => {
    if (text === '') return [];
    const y = marginPx + 34 + index * lineHeightPx;
    const delay = `style="animation-delay:${atSeconds.toFixed(1)}s"`;
    // Whatever font is there, each character takes its column, so that the box stays a box.
    const width = `textLength="${text.length * charWidthPx}" lengthAdjust="spacingAndGlyphs"`;
    return `<text x="${marginPx}" y="${y}" class="${kind}" ${width} ${delay} xml:space="preserve">${escapeXml(text)}</text>`;
  });
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, index) => `<circle cx="${marginPx + index * 20}" cy="20" r="6" fill="${fill}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="A terminal session with PI Gateway">
<style>
text { font: 13.3px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #c9d1d9; opacity: 0; animation: show .01s linear forwards; }
.typed { fill: #7ee787; }
@keyframes show { to { opacity: 1; } }
@media (prefers-reduced-motion: reduce) { text { opacity: 1; animation: none; } }
</style>
<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>
${dots.join('\n')}
${rows.join('\n')}
</svg>
`;
}

const target = join(import.meta.dirname, '..', 'assets', 'terminal-demo.svg');
writeFileSync(target, draw(await record()));
console.log(target);
