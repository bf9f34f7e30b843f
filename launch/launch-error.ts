// A failure to start that the person at the terminal can mend. The message is one line: what, and how to mend it.

export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}
