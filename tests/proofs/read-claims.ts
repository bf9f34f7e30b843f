// What stands in an access token, unverified: a proof knows where it has it from.

function readPart(token: string, index: number): unknown {
  return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString());
}

export function readClaims(accessToken: string): { readonly sid: string; readonly roles: readonly string[] } {
  return readPart(accessToken, 1) as { sid: string; roles: string[] };
}

/** Which key signed it. */
export function readKeyId(accessToken: string): string {
  return (readPart(accessToken, 0) as { kid: string }).kid;
}
