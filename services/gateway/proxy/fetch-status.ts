// The status a URL answers with, and nothing else of it.

/** undefined when no answer came in time. Redirects are not followed. */
export async function fetchStatus(url: string, limitMs: number): Promise<number | undefined> {
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(limitMs) });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return undefined;
  }
}
