// Lists: `?limit=` and `?cursor=` in, `{items, next_cursor}` out (keyset, newest first).

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { type TSchema, Type } from 'typebox';
import { encodeCursor, readCursor } from '../crypto/cursor.ts';

const limitDefault = 50;

/** Query keys of every list; spread them into the list's own. */
export const pageQuery = {
  limit: Type.Optional(
    Type.String({ pattern: '^([1-9][0-9]?|1[0-9]{2}|200)$', description: '1 to 200, 50 when missing.' }),
  ),
  cursor: Type.Optional(Type.String({ description: 'The `next_cursor` of the page before.' })),
};

export const pageBody = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next_cursor: Type.Union([Type.String(), Type.Null()]) });

type LoadedPage<Row> = {
  readonly rows: readonly Row[];
  /** After which row it began. */
  readonly beforeId: string | undefined;
  readonly nextCursor: string | null;
};
type PageQuery = { readonly limit?: string; readonly cursor?: string };

/**
 * Loads one page. `list` names the list and whose it is: a cursor is good for nothing else.
 * @throws {AppError} `validation_failed` for a cursor we have not made.
 */
export function loadPage<Row extends { readonly id: string }>(
  list: string,
  query: PageQuery,
  cursorKey: Buffer,
  load: (beforeId: string | undefined, limit: number) => Promise<Row[]>,
): Promise<LoadedPage<Row>> {
  return loadSearch(list, query, cursorKey, async (beforeId, limit) => {
    const found = await load(beforeId, limit + 1);
    const rows = found.slice(0, limit);
    return { rows, resumeId: found.length > limit ? rows.at(-1)?.id : undefined };
  });
}

/** As `loadPage`, of a search that tells itself where to go on: its page may be short, or empty, and not the last. */
export async function loadSearch<Row>(
  list: string,
  query: PageQuery,
  cursorKey: Buffer,
  search: (
    beforeId: string | undefined,
    limit: number,
  ) => Promise<{ readonly rows: readonly Row[]; readonly resumeId: string | undefined }>,
): Promise<LoadedPage<Row>> {
  const limit = query.limit === undefined ? limitDefault : Number(query.limit);
  const beforeId = query.cursor === undefined ? undefined : readCursor(list, query.cursor, cursorKey);
  if (query.cursor !== undefined && beforeId === undefined) {
    throw new AppError('validation_failed', {
      errors: [{ pointer: '/cursor', detail: 'is not a cursor of this list' }],
    });
  }
  const { rows, resumeId } = await search(beforeId, limit);
  return {
    rows,
    beforeId,
    nextCursor: resumeId === undefined ? null : encodeCursor(list, resumeId, cursorKey),
  };
}
