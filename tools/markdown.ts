// The few things the docs checks need to know about a Markdown page. No full parser: our pages use ATX
// headings, backtick fences and inline links only.

export type CodeBlock = {
  readonly language: string;
  readonly text: string;
  readonly line: number;
  /** The nearest heading of level 2 above it. */
  readonly section: string;
};
export type Heading = { readonly level: number; readonly text: string };
export type Page = {
  readonly headings: readonly Heading[];
  readonly blocks: readonly CodeBlock[];
  /** Targets of links and images outside code. */
  readonly links: readonly string[];
};

export function readPage(markdown: string): Page {
  const headings: Heading[] = [];
  const blocks: CodeBlock[] = [];
  const links: string[] = [];
  let open: { language: string; lines: string[]; line: number } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (open !== undefined) {
      if (fence === null) open.lines.push(line);
      else {
        const section = headings.findLast((heading) => heading.level <= 2)?.text ?? '';
        blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line, section });
        open = undefined;
      }
    } else if (fence !== null) {
      open = { language: fence[1]?.trim() ?? '', lines: [], line: index + 1 };
    } else {
      const heading = /^(#{1,6}) (.+)$/.exec(line);
      if (heading !== null) headings.push({ level: heading[1]?.length ?? 0, text: heading[2] ?? '' });
      links.push(...linksOf(line.replaceAll(/`[^`]*`/g, '')));
    }
  }
  return { headings, blocks, links };
}

function linksOf(line: string): string[] {
  const inline = [...line.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  const html = [...line.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  return [...inline, ...html];
}

/** The anchor that GitHub and most renderers give a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}
