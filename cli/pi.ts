#!/usr/bin/env node
// `npx pi`: the command line tool. Each command stands in a file of its own under commands/.
// Exit codes: 0 done; 1 refused, nothing was changed; 2 wrong usage; 3 a setting is wrong or a part is away;
// 4 done but for some lines of the input.

import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Half of a command's start is the compiling of what was compiled the last time, too. A folder that cannot be written is
// no failure. What is imported before this line is compiled without it.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/pi-gateway'));
const { chooseThreadPoolSize } = await import('@pi-gateway/auth/crypto/hashing-threads.ts');
const { runProgram } = await import('./run-program.ts');

process.env.UV_THREADPOOL_SIZE = chooseThreadPoolSize(process.env.UV_THREADPOOL_SIZE);

const io = {
  env: process.env,
  stdin: process.stdin,
  out: (text: string) => process.stdout.write(text),
  err: (text: string) => process.stderr.write(text),
  progress: (text: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  },
};

process.exitCode = await runProgram(io, process.argv.slice(2));
