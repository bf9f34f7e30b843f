// What a route may ask of a request's header fields: one exact value, or any. Judged on the fields that go on to
// the service, joined as one list (RFC 9110 section 5.3), so that gateway and service read the same value and a
// field that is sent twice is not the value it begins with.

export type HeaderCondition = {
  /** Lower case. */
  readonly name: string;
  /** undefined: the field is there, with any value. */
  readonly value: string | undefined;
};

/** Whether a flat list of fields meets all conditions. */
export function areHeadersMet(conditions: readonly HeaderCondition[], fields: readonly string[]): boolean {
  return conditions.every(({ name, value }) => {
    const found = joinedValue(fields, name);
    return value === undefined ? found !== undefined : found === value;
  });
}

/** More conditions are more specific; of equally many, those with more exact values. Negative: `a` comes first. */
export function compareHeaders(a: readonly HeaderCondition[], b: readonly HeaderCondition[]): number {
  return b.length - a.length || countValues(b) - countValues(a);
}

/** Whether one request can meet both. */
export function canMeetBoth(a: readonly HeaderCondition[], b: readonly HeaderCondition[]): boolean {
  return !a.some(({ name, value }) =>
    b.some((other) => other.name === name && (other.value ?? value) !== (value ?? other.value)),
  );
}

function countValues(conditions: readonly HeaderCondition[]): number {
  return conditions.filter(({ value }) => value !== undefined).length;
}

function joinedValue(fields: readonly string[], name: string): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const field = fields[i]!;
    if (field.length !== name.length || field.toLowerCase() !== name) continue;
    joined = joined === undefined ? fields[i + 1]! : `${joined}, ${fields[i + 1]!}`;
  }
  return joined;
}
