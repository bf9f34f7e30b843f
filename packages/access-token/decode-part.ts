// One part of a compact JWS (RFC 7515 section 7.1). Each value has many spellings in base64url (padding,
// stray bits, whitespace) and in JSON (spaces, escapes, duplicate keys); two readers of one token could see two
// things. So one spelling is accepted, the one our issuer writes: decoding and encoding again must give the
// same text. Its limit: tokens of an issuer that formats JSON in another way are refused.

export type JsonObject = Readonly<Record<string, unknown>>;

/** The bytes of canonical, unpadded base64url; undefined for anything else. */
export function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

/** The JSON object in a header or payload part; undefined unless it is written exactly as JSON.stringify writes it. */
export function decodeJsonPart(part: string): JsonObject | undefined {
  const bytes = decodeBase64Url(part);
  if (bytes === undefined) return undefined;
  const text = bytes.toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    // Bytes, not text, are compared: what is not UTF-8 decodes to U+FFFD, which encodes to other bytes.
    return Buffer.from(JSON.stringify(value)).equals(bytes) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
