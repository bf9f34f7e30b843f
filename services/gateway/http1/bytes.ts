// Which bytes may stand where in a message (RFC 9110 sections 5.1, 5.5 and 5.6.2), as tables: one look-up a byte.

function tableOf(isMember: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (isMember(byte) ? 1 : 0));
}

const tokenForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]$/;

/** Field names, methods. */
export const isTokenByte = tableOf((byte) => tokenForm.test(String.fromCharCode(byte)));

/** Field values and reason phrases: everything but control characters, the tab excepted. */
export const isTextByte = tableOf((byte) => byte === 0x09 || (byte >= 0x20 && byte !== 0x7f));

/** The value of a hexadecimal digit; 255 for any other byte. */
export const hexValue = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = String.fromCharCode(byte);
  return /^[0-9A-Fa-f]$/.test(digit) ? Number.parseInt(digit, 16) : 255;
});

export const tab = 0x09;
export const lineFeed = 0x0a;
export const carriageReturn = 0x0d;
export const space = 0x20;
export const colon = 0x3a;
export const semicolon = 0x3b;
