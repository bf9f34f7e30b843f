// Whether an origin is one of this machine alone, by the names that browsers take for it.

/** `http://localhost:8080`, `http://127.0.0.1`, `http://[::1]:80` and the like. */
export function isLocalOrigin(origin: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(origin).hostname);
}
