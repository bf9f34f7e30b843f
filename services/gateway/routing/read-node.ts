// Typed readers over YAML nodes. A reader never throws: it reports a problem with its line and column and
// returns undefined, so that one pass finds every problem of the file.

import { isAbsolute } from 'node:path';
import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml';
import type { ConfigProblem } from './config-problem.ts';
import { interpolate } from './interpolate.ts';
import { nearestWord } from './nearest-word.ts';

export type YamlNode = Node | null | undefined;
export type Field = { readonly key: Node; readonly value: YamlNode };
/** @throws {Error} with a `code`. */
export type ReadFile = (path: string) => Buffer;
export type NamedFile = { readonly path: string; readonly content: Buffer | undefined };

/** What all readers of one file share. */
export class NodeReader {
  readonly problems: ConfigProblem[] = [];
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #variables: Readonly<Record<string, string | undefined>>;
  readonly #readFile: ReadFile | undefined;

  constructor(
    document: Document,
    lines: LineCounter,
    variables: Readonly<Record<string, string | undefined>>,
    readFile?: ReadFile,
  ) {
    this.#document = document;
    this.#lines = lines;
    this.#variables = variables;
    this.#readFile = readFile;
  }

  /** Reports a problem at a node; the value is undefined so that readers can `return reader.refuse(…)`. */
  refuse(node: YamlNode, message: string): undefined {
    const { line, col } = this.#lines.linePos(node?.range?.[0] ?? 0);
    this.problems.push({ line: Math.max(line, 1), column: Math.max(col, 1), message });
  }

  /** Where a node stands, e.g. `line 12`. */
  lineOf(node: YamlNode): number {
    return this.#lines.linePos(node?.range?.[0] ?? 0).line;
  }

  /** The fields of a mapping by name; a key that is not in `known` is refused with the nearest known one. */
  fields(node: YamlNode, known: readonly string[], what: string): Map<string, Field> | undefined {
    const fields = this.entries(node, what);
    if (fields === undefined) return undefined;
    for (const [name, { key }] of fields) {
      if (known.includes(name)) continue;
      if (name === '<<') {
        this.refuse(key, `merge keys are not taken: write the keys of ${what} out`);
        fields.delete(name);
        continue;
      }
      const near = nearestWord(name, known);
      const hint =
        near === undefined ? `; known are ${known.join(', ')}` : `; did you mean ${JSON.stringify(near)}?`;
      this.refuse(key, `unknown key ${JSON.stringify(name)} in ${what}${hint}`);
      fields.delete(name);
    }
    return fields;
  }

  /** The fields of a mapping whose keys are names chosen by the user. */
  entries(node: YamlNode, what: string): Map<string, Field> | undefined {
    const map = this.#resolve(node);
    if (!isMap(map)) return this.refuse(node, `${what} must be a mapping of keys to values`);
    const fields = new Map<string, Field>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      if (!isScalar(pair.key)) this.refuse(pair.key, `a key in ${what} must be plain text`);
      else fields.set(String(pair.key.value), { key: pair.key, value: pair.value });
    }
    return fields;
  }

  /** The items of a sequence. */
  items(node: YamlNode, what: string): Node[] | undefined {
    const seq = this.#resolve(node);
    if (!isSeq(seq)) return this.refuse(node, `${what} must be a list`);
    return seq.items as Node[];
  }

  isList(node: YamlNode): boolean {
    return isSeq(this.#resolve(node));
  }

  isMapping(node: YamlNode): boolean {
    return isMap(this.#resolve(node));
  }

  isSequence(node: YamlNode): boolean {
    return isSeq(this.#resolve(node));
  }

  /** Text as it stands in the file: what an error may quote, for a variable's value may be a secret. */
  written(node: YamlNode): string {
    const scalar = this.#resolve(node);
    return isScalar(scalar) ? String(scalar.value) : '';
  }

  /** Text, after interpolation. */
  text(node: YamlNode, what: string): string | undefined {
    const scalar = this.#resolve(node);
    const value: unknown = isScalar(scalar) ? scalar.value : undefined;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      return this.refuse(node, `${what} must be text`);
    }
    const result = interpolate(String(value), this.#variables);
    if (result.kind === 'text') return result.text;
    if (result.kind === 'malformed') {
      return this.refuse(
        node,
        `${what}: write \${NAME} or \${NAME:-default}, none within another; $$ stands for one $`,
      );
    }
    return this.refuse(
      node,
      `${what}: the variable ${result.name} is not set or empty; \${${result.name}:-default} gives a default`,
    );
  }

  /** A whole number within bounds, both included. */
  whole(node: YamlNode, what: string, min: number, max: number): number | undefined {
    const text = this.text(node, what);
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    return this.refuse(node, `${what} must be a whole number from ${min} to ${max}`);
  }

  /** The absolute path of a file, and what it holds where this reader may look. */
  file(node: YamlNode, what: string): NamedFile | undefined {
    const path = this.text(node, what);
    if (path === undefined) return undefined;
    if (!isAbsolute(path)) return this.refuse(node, `${what} must be an absolute path, not ${path}`);
    try {
      return { path, content: this.#readFile?.(path) };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      return this.refuse(node, `${what}: ${path} cannot be read (${code})`);
    }
  }

  /** `true` or `false`. */
  flag(node: YamlNode, what: string): boolean | undefined {
    const text = this.text(node, what);
    if (text === undefined) return undefined;
    if (text === 'true' || text === 'false') return text === 'true';
    return this.refuse(node, `${what} must be true or false`);
  }

  /** One of a closed set of words. */
  word<const W extends string>(node: YamlNode, what: string, words: readonly W[]): W | undefined {
    const text = this.text(node, what);
    if (text === undefined) return undefined;
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    const near = nearestWord(text, words);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    return this.refuse(node, `${what} must be one of ${words.join(', ')}${hint}`);
  }

  #resolve(node: YamlNode): Node | undefined {
    return (isAlias(node) ? node.resolve(this.#document) : node) ?? undefined;
  }
}
