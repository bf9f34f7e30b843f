// Tells when gateway.yaml may have changed: by its folder's events (editors and Kubernetes replace the file,
// which a watch on the file itself would miss) and by a look at it now and then, for file systems that tell
// nothing.

import { type FSWatcher, type Stats, stat, statSync, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

const settleMs = 100;
const lookMs = 2000;

/** Calls `onChange` shortly after the last of a row of changes. The result ends the watch. */
export function watchConfig(path: string, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const name = basename(path);
  // `..data` is what Kubernetes swaps under a mounted file.
  const isOurs = (entry: string | null) => entry === null || entry === name || entry.startsWith('..');
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMs).unref();
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(resolve(path)), { persistent: false }, (_event, entry) => {
      if (isOurs(entry)) changed();
    });
    watcher.on('error', () => watcher?.close());
  } catch {
    // Out of watches: the look now and then remains.
  }
  // Known at once, so that a change right after this call is one.
  let known = print(statSync(path, { throwIfNoEntry: false }));
  const look = setInterval(() => {
    stat(path, (error, now) => {
      const before = known;
      known = print(error === null ? now : undefined);
      if (known !== before) changed();
    });
  }, lookMs).unref();
  return () => {
    clearTimeout(timer);
    clearInterval(look);
    watcher?.close();
  };
}

function print(file: Stats | undefined): string {
  return file === undefined ? 'none' : `${file.ino} ${file.size} ${file.mtimeMs}`;
}
