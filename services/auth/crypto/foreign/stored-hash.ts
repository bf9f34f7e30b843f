// The form in which every password hash but bcrypt's stands in the database: the PHC string format, as
// argon2 defines it, $id[$v=n][$name=value,…]$salt$hash in base64 without padding. What stands before salt
// and hash is its class: hashes of one class cost the same to verify.

export type StoredHash = {
  readonly id: string;
  readonly params: Readonly<Record<string, string>>;
  readonly salt: Buffer;
  readonly hash: Buffer;
};

/** Undefined when it is none. */
export function parseStoredHash(text: string): StoredHash | undefined {
  const [empty, id, ...rest] = text.split('$');
  const hash = decode(rest.pop());
  const salt = decode(rest.pop());
  if (empty !== '' || !id || salt === undefined || hash === undefined || rest.length > 2) return undefined;
  const pairs = rest.flatMap((part) => part.split(',')).map((pair) => /^([a-z]+)=(.+)$/.exec(pair));
  if (!pairs.every((pair) => pair !== null)) return undefined;
  const params = Object.fromEntries(pairs.map(([, name, value]) => [name, value] as const)) as Record<
    string,
    string
  >;
  return Object.keys(params).length === pairs.length ? { id, params, salt, hash } : undefined;
}

export function formatStoredHash(passwordClass: string, salt: Buffer, hash: Buffer): string {
  return `${passwordClass}$${encode(salt)}$${encode(hash)}`;
}

/** As `password_class` in the database gives it. */
export function classOf(passwordHash: string): string {
  return passwordHash.startsWith('$2')
    ? passwordHash.slice(0, 6)
    : passwordHash.replace(/\$[^$]*\$[^$]*$/, '');
}

/** A decimal number without sign or leading zeros; undefined when it is none. */
export function readParam(value: unknown): number | undefined {
  return /^[1-9]\d{0,9}$/.test(String(value)) ? Number(value) : undefined;
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

function decode(text: string | undefined): Buffer | undefined {
  return text !== undefined && /^[A-Za-z0-9+/]+$/.test(text) && text.length % 4 !== 1
    ? Buffer.from(text, 'base64')
    : undefined;
}
