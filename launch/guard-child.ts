// A server must not outlive us as an orphan, not even after kill -9 of our whole process group. A tiny shell in
// its own session holds the other end of a pipe of ours: when the pipe closes without a word, we are gone, and
// it stops the server. This is a courtesy: the next start deals with what remains when the shell died too.

import { spawn } from 'node:child_process';

const script = `
trap '' INT TERM HUP QUIT PIPE
word=gone
read -r word
[ "$word" = released ] && exit 0
kill -s "$2" "$1" 2>/dev/null
[ -n "$3" ] || exit 0
tries=0
while kill -0 "$1" 2>/dev/null && [ "$tries" -lt 20 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$3"
`;

/**
 * Stops process `pid` with `signal` should we vanish; then removes `removeDir`, where given.
 * `release` calls it off, once the process has ended or is to live on.
 */
export function guardChild(
  pid: number,
  signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL',
  removeDir = '',
): { release(): void } {
  const shell = spawn(
    '/bin/sh',
    ['-c', script, 'pi-gateway-guard', String(pid), signal.slice(3), removeDir],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
    },
  );
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return { release: () => void shell.stdin.end('released\n') };
}
