// For tests: what one reader makes of the bytes of an answer.

/** Fields are flat lists without the white space around values; bytes are latin1. */
export type ReadAnswer = {
  readonly status: number;
  /** '' where it holds anything but ASCII: that never goes on, and everybody decodes it differently. */
  readonly statusText: string;
  readonly headers: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  /** Status and fields of each 1xx in front of it. */
  readonly informations: readonly (readonly [number, readonly string[]])[];
};

/** undefined: it took the bytes for no whole answer. */
export type AnswerReading = ReadAnswer | undefined;

export type GivenAnswer = {
  readonly method: 'GET' | 'HEAD';
  /** All that the server sends before it ends the connection, latin1. */
  readonly bytes: string;
};

export function trimFields(fields: readonly string[]): string[] {
  return fields.map((part) => part.replace(/^[\t ]+|[\t ]+$/g, ''));
}

export function plainText(statusText: string): string {
  return /^[\t\x20-\x7e]*$/.test(statusText) ? statusText : '';
}
