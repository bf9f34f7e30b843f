// What stands in an access token, unverified: a proof knows where it has it from.

export function readClaims(accessToken: string): { readonly sid: string; readonly roles: readonly string[] } {
  const [, payload = ''] = accessToken.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sid: string; roles: string[] };
}
