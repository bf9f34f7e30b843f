import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';

const url = JSON.stringify(new URL('./throwaway-folder.ts', import.meta.url).href);

for (const [how, end] of [
  ['in order', ''],
  ['by an error', 'throw new Error("the end");'],
] as const) {
  test(`all of them are gone after a process that ended ${how}`, () => {
    const program = `
      import { writeFileSync } from 'node:fs';
      import { throwawayFolder } from ${url};
      const folders = [throwawayFolder(), throwawayFolder()];
      for (const folder of folders) writeFileSync(folder + '/a', '');
      console.log(folders.join(' '));
      ${end}`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    const folders = stdout.trim().split(' ');
    assert.equal(new Set(folders).size, 2);
    for (const folder of folders) assert.ok(!existsSync(folder), folder);
  });
}
