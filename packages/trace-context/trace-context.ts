// W3C Trace Context, Level 1 with Level 2's random flag: reading and writing of `traceparent` and `tracestate`. Pure.
// Whether a sender is believed at all is the caller's to know.

/** Where a request stands in its trace. */
export type TraceContext = {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** Of the span that is the parent of whatever comes next: 16 such digits. */
  readonly spanId: string;
  /** Bit 0: the sender may have recorded its span. Bit 1: the trace's id is random. */
  readonly flags: number;
  /** As it came, when it is well-formed. */
  readonly tracestate: string | undefined;
};

const sampled = 0x01;
const random = 0x02;

// Of a later version the part that every version has is read, and only where it ends in front of a dash (section
// 3.2.4); version ff is none, and 00 has nothing behind its flags.
const form =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|(?<!^00.*)-)/;

/** Undefined: there is no context to continue, and whatever `tracestate` says counts for nothing. */
export function readTraceContext(
  traceparent: string | undefined,
  tracestate: string | undefined,
): TraceContext | undefined {
  const match = traceparent === undefined ? null : form.exec(traceparent);
  if (match === null) return undefined;
  const [, , traceId = '', spanId = '', flags = ''] = match;
  return {
    traceId,
    spanId,
    // What the other bits mean is not known: they must be zero where they go on (section 3.2.2.5).
    flags: Number.parseInt(flags, 16) & (sampled | random),
    tracestate: tracestate === undefined ? undefined : readTracestate(tracestate),
  };
}

/** The highest version known here is written, whatever version was read. */
export function writeTraceparent({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${flags.toString(16)}`;
}

const key = String.raw`[a-z0-9][a-z0-9_\-*/@]{0,255}`;
const value = String.raw`[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]`;
const member = new RegExp(`^(${key})=${value}$`);
const membersMax = 32;
const lengthMax = 512;
const memberLengthMax = 128;

// Section 3.3.1: one that is malformed is dropped whole. Section 3.3.1.5: of one that is too long the long members go
// first, then those at its end, which are the oldest.
function readTracestate(text: string): string | undefined {
  const members = text.split(',').flatMap((part) => {
    const trimmed = part.replace(/^[ \t]+|[ \t]+$/g, '');
    return trimmed === '' ? [] : [trimmed];
  });
  const keys = members.map((one) => member.exec(one)?.[1]);
  if (members.length === 0 || members.length > membersMax || keys.includes(undefined)) return undefined;
  if (new Set(keys).size < keys.length) return undefined;
  if (members.join(',').length <= lengthMax) return members.join(',');
  const kept = members.filter((one) => one.length <= memberLengthMax);
  while (kept.join(',').length > lengthMax) kept.pop();
  return kept.length === 0 ? undefined : kept.join(',');
}
