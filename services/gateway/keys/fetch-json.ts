// Asks auth for its key set. I/O only: what the answer means is judged by readJwks.

const timeoutMs = 5000;
const bytesMax = 256 * 1024;

/**
 * The JSON behind a URL of auth.
 * @throws {Error} when it cannot be reached, does not answer in time or with anything but a small 200 of JSON.
 */
export async function fetchJson(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const answer = await fetch(url, {
    headers: { accept: 'application/json', ...headers },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw new Error(`${url} answered ${answer.status}`);
  }
  const bytes = await answer.arrayBuffer();
  if (bytes.byteLength > bytesMax) throw new Error(`${url} answered more than ${bytesMax} bytes`);
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
}
