#!/usr/bin/env node
// `npx pi`: the command line tool. Each command stands in a file of its own under commands/.
// Exit codes: 0 done; 1 refused, nothing was changed; 2 wrong usage; 3 a setting is wrong or a part is away;
// 4 done but for some lines of the input.

import { chooseThreadPoolSize } from '@pi-gateway/auth/crypto/hashing-threads.ts';
import { runProgram } from './run-program.ts';

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
