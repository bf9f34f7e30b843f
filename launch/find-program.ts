// A server program on PATH; /usr/sbin is looked at too, since ordinary users on Debian lack it.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { LaunchError } from './launch-error.ts';

/** The path of `name`. @throws {LaunchError} naming the one command that installs Debian's `packageName`. */
export function findProgram(name: string, packageName: string): string {
  const dirs = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/opt/homebrew/bin',
  ];
  for (const dir of dirs) {
    if (dir === '') continue;
    const path = join(dir, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  const command =
    process.platform === 'darwin'
      ? `brew install ${packageName === 'redis-server' ? 'redis' : packageName}`
      : `sudo apt-get install -y ${packageName}`;
  throw new LaunchError(`${name} is not on PATH: install it with: ${command}`);
}
