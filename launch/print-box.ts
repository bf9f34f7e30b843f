// What a person sees when the system is up. Standard output is for this; logs go to standard error.

export type Ready = {
  readonly run: 'embedded' | 'stack';
  readonly version: string;
  readonly startedInMs: number;
  readonly publicUrl: string;
  readonly gatewayUrl: string;
  readonly authUrl: string;
  readonly dataDir: string;
  /** Where the mail of a development run is shown. */
  readonly inboxUrl?: string | undefined;
};

type Row = string | readonly [label: string, value: string];

function frame(rows: readonly Row[]): string {
  const lines = rows.map((row) => (typeof row === 'string' ? row : `${row[0].padEnd(10)}${row[1]}`));
  const width = Math.max(...lines.map((line) => line.length));
  const body = lines.map((line) => `│ ${line.padEnd(width)} │`);
  const rule = '─'.repeat(width + 2);
  return [`┌${rule}┐`, ...body, `└${rule}┘`].join('\n');
}

/** To be shown before the account is committed: a crash in between loses neither. */
export function firstAdminBox(admin: { readonly email: string; readonly password: string }): string {
  return frame(['The first admin, shown this once:', ['E-mail', admin.email], ['Password', admin.password]]);
}

export function readyBox(ready: Ready): string {
  return frame([
    `PI Gateway ${ready.version} is ready (${ready.run}, ${(ready.startedInMs / 1000).toFixed(1)} s)`,
    ['Entry', ready.publicUrl],
    ['Gateway', `${ready.gatewayUrl}/health`],
    ['Auth', `${ready.authUrl}/health`],
    ['Data', ready.dataDir],
    ...(ready.inboxUrl === undefined ? [] : [['Mail', ready.inboxUrl] as const]),
    'Ctrl-C stops it.',
  ]);
}
