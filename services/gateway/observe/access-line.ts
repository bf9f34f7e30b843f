// One line of the access log: JSON, in the order of the fields below. By hand and not by JSON.stringify, which takes
// four times as long for it; every text that could hold anything but plain characters goes through it still.

export type AccessEntry = {
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly request_id: string;
  readonly trace_id: string;
  readonly method: string;
  readonly path: string;
  readonly route: string | null;
  readonly status: number;
  readonly reason: string | null;
  readonly principal: string | null;
  readonly client: string;
  readonly service: string | null;
  readonly target: string | null;
  /** Where the name of the target led. */
  readonly address: string | null;
  readonly retries: number;
  /** From the head of the request to the end of the answer. */
  readonly duration_ms: number;
  /** Of it: until the call of the service that was answered, earlier tries included; null: none was called. */
  readonly gateway_ms: number | null;
  /** Of it: from that call to the head of its answer; null: there was none. */
  readonly upstream_ms: number | null;
  readonly bytes_in: number;
  readonly bytes_out: number;
};

/** The line without its end. No client can forge one: control characters are escaped, and what readers take for line ends. */
export function encodeAccessLine(entry: AccessEntry): string {
  const { status, retries, bytes_in, bytes_out } = entry;
  return (
    `{"time":"${isoTime(entry.startedMs)}","request_id":${quote(entry.request_id)},"trace_id":${quote(entry.trace_id)}` +
    `,"method":${quote(entry.method)},"path":${quote(entry.path)},"route":${quote(entry.route)}` +
    `,"status":${status},"reason":${quote(entry.reason)},"principal":${quote(entry.principal)}` +
    `,"client":${quote(entry.client)},"service":${quote(entry.service)},"target":${quote(entry.target)},"address":${quote(entry.address)}` +
    `,"retries":${retries},"duration_ms":${millis(entry.duration_ms)}` +
    `,"gateway_ms":${millis(entry.gateway_ms)},"upstream_ms":${millis(entry.upstream_ms)}` +
    `,"bytes_in":${bytes_in},"bytes_out":${bytes_out}}`
  );
}

/** Nothing that JSON escapes: ASCII without controls, quote and backslash. */
const plain = /^[ !#-[\]-~]*$/;

function quote(text: string | null): string {
  if (text === null) return 'null';
  return plain.test(text) ? `"${text}"` : quoteAny(text);
}

function quoteAny(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, escape);
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

// Many lines begin in the same millisecond, and making a date costs as much as the rest of its line.
let knownMs = Number.NaN;
let knownTime = '';

function isoTime(ms: number): string {
  const whole = Math.floor(ms);
  if (whole !== knownMs) {
    knownMs = whole;
    knownTime = new Date(whole).toISOString();
  }
  return knownTime;
}

/** With three digits behind the point: whole numbers are written faster than fractions. */
function millis(ms: number | null): string {
  if (ms === null) return 'null';
  const micros = Math.round(ms * 1000);
  const rest = micros % 1000;
  return `${(micros - rest) / 1000}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`;
}
