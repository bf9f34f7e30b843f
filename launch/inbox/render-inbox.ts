// The page of the inbox. Everything that comes from a mail is text in it, never markup; the page has no script, no
// form and no link, and its policy (Content-Security-Policy) lets a browser use nothing but its one style.

import { hash } from 'node:crypto';
import type { StoredMail } from '../../services/auth/mail/mail-folder.ts';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
article { border-top: 1px solid; margin-top: 1.5rem; }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
`;

export const pagePolicy = `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand between tags and in quoted attributes; a control character becomes a mark of one. */
function escapeHtml(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '')
    .replaceAll(/[^\P{Cc}\t\n]|\p{Bidi_Control}/gu, '\ufffd');
}

export function renderInbox(mails: readonly StoredMail[]): string {
  const shown = mails.map(renderMail).join('\n');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mail of this run</title>
<style>${style}</style>
<main>
<h1>Mail of this run</h1>
<p>Nothing is sent: there is no mail server (SMTP_URL). The newest ${mails.length} are shown; reload for later ones.</p>
${shown}
</main>
</html>
`;
}

function renderMail({ subject, to, date, text }: StoredMail): string {
  return `<article>
<h2>${escapeHtml(subject)}</h2>
<p>To ${escapeHtml(to)}, ${escapeHtml(date)}</p>
<pre>${escapeHtml(text)}</pre>
</article>`;
}
