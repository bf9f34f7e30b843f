// Asks a person at a terminal for something that must not be seen: what is typed is not echoed.

import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';

/** Undefined when the person ends it instead (Ctrl-C, Ctrl-D). */
export function askSecret(
  question: string,
  terminal: { readonly input: Readable; readonly err: (text: string) => void },
): Promise<string | undefined> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: terminal.input, output: unseen, terminal: true, historySize: 0 });
  terminal.err(question);
  return new Promise((resolve) => {
    const end = (answer?: string) => {
      resolve(answer);
      lines.close();
    };
    lines.once('line', end);
    lines.once('SIGINT', () => end());
    lines.once('close', () => {
      terminal.err('\n');
      resolve(undefined);
    });
  });
}
