// For tests: what kustomize reads in this folder.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const readHere = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

type Kustomization = {
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly { readonly name: string }[];
};

export const kustomization = parse(readHere('kustomization.yaml')) as Kustomization;

/** Every document of every resource, in order. */
export function readManifests(): unknown[] {
  return kustomization.resources.flatMap((name) =>
    parseAllDocuments(readHere(name)).map((document) => {
      assert.deepEqual(document.errors, [], name);
      return document.toJS() as unknown;
    }),
  );
}
