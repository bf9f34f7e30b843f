// Asks auth for its keys and revocations. I/O only: what an answer means is judged by others. On node:http
// rather than fetch, which would load a second HTTP client into the process for one request a minute.

import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';

const timeoutMs = 5000;
/** A million live revocations fit in. */
const bytesMax = 256 * 1024 * 1024;

/**
 * The JSON behind a URL.
 * @throws {Error} when it cannot be reached, or does not answer in time and with a 200 of JSON.
 */
export async function fetchJson(url: string, headers: Readonly<Record<string, string>>): Promise<unknown> {
  const answer = await ask(url, headers);
  try {
    if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new Error(`${url} answered more than ${bytesMax} bytes`);
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } finally {
    answer.destroy();
  }
}

/** The head of the answer. Redirects are not followed: a key set is where we were told it is. */
function ask(url: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  const get = url.startsWith('https:') ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    const options = {
      headers: { accept: 'application/json', ...headers },
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    };
    get(url, options, resolve).on('error', reject);
  });
}
