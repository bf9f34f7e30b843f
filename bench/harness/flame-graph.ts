// A CPU profile of V8 as a flame graph in SVG: width is time, a caller stands under what it calls, and a pointer held
// over a bar names it. The profile itself opens in DevTools and speedscope too.

type ProfileNode = {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
};

export type CpuProfile = {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
};

type Frame = { readonly name: string; micros: number; readonly callees: Map<string, Frame> };

const width = 1400;
const barHeight = 16;
const leastWidth = 1;
const characterWidth = 6.5;

/** Time without work is left out. */
export function renderFlameGraph(profile: CpuProfile): string {
  const root = mergeFrames(profile);
  const depth = depthOf(root);
  const bars: string[] = [];
  drawFrame(root, 0, 0, width / root.micros, depth, bars);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${depth * barHeight}" font-family="monospace" font-size="11">
${bars.join('\n')}
</svg>
`;
}

/** The functions that most time went to themselves, dearest first, in shares of the whole. */
export function listDearest(profile: CpuProfile, count: number): { name: string; share: number }[] {
  const own = new Map<string, number>();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  let all = 0;
  for (const [at, id] of profile.samples.entries()) {
    const name = nameOf(nodes.get(id)!);
    if (name === '(idle)') continue;
    const micros = profile.timeDeltas[at] ?? 0;
    all += micros;
    own.set(name, (own.get(name) ?? 0) + micros);
  }
  const sorted = [...own].toSorted(([, a], [, b]) => b - a).slice(0, count);
  return sorted.map(([name, micros]) => ({ name, share: micros / all }));
}

function mergeFrames({ nodes, samples, timeDeltas }: CpuProfile): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const root: Frame = { name: 'all', micros: 0, callees: new Map() };
  for (const [at, sample] of samples.entries()) {
    const path: string[] = [];
    for (let id: number | undefined = sample; id !== undefined; id = callers.get(id)) {
      path.push(nameOf(byId.get(id)!));
    }
    if (path[0] === '(idle)') continue;
    let frame = root;
    frame.micros += timeDeltas[at] ?? 0;
    for (const name of path.toReversed().slice(1)) {
      const callee = frame.callees.get(name) ?? { name, micros: 0, callees: new Map() };
      frame.callees.set(name, callee);
      frame = callee;
      frame.micros += timeDeltas[at] ?? 0;
    }
  }
  return root;
}

function nameOf({ callFrame }: ProfileNode): string {
  const { functionName, url, lineNumber } = callFrame;
  const file = url.replace(/^.*\/(?=(?:services|packages|node_modules)\/)/, '');
  return file === '' ? functionName : `${functionName || 'function'} ${file}:${lineNumber + 1}`;
}

function depthOf({ callees }: Frame): number {
  return 1 + Math.max(0, ...[...callees.values()].map(depthOf));
}

function drawFrame(frame: Frame, x: number, level: number, scale: number, depth: number, bars: string[]) {
  const barWidth = frame.micros * scale;
  if (barWidth < leastWidth) return;
  const y = (depth - level - 1) * barHeight;
  const percent = (barWidth / width) * 100;
  // Ours stands out from Node's own.
  const color = /^\S* (?:services|packages)\//.test(frame.name) ? '#f0a35e' : '#d9d4c7';
  const label = escapeXml(frame.name.slice(0, Math.floor(barWidth / characterWidth)));
  bars.push(
    `<g><title>${escapeXml(frame.name)} ${percent.toFixed(1)} %</title>` +
      `<rect x="${x.toFixed(1)}" y="${y}" width="${barWidth.toFixed(1)}" height="${barHeight - 1}" fill="${color}"/>` +
      `<text x="${(x + 2).toFixed(1)}" y="${y + 11}">${label}</text></g>`,
  );
  let at = x;
  for (const callee of frame.callees.values()) {
    drawFrame(callee, at, level + 1, scale, depth, bars);
    at += callee.micros * scale;
  }
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
