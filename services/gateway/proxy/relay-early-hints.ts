// 103 (RFC 8297): passed to direct clients only. nginx takes it for the final answer, and HTTP/1.0 knows no
// 1xx at all. Any other 1xx ends here.

import type { Exchange } from '../exchange.ts';

export function relayEarlyHints(x: Exchange, status: number, headers: readonly string[]): void {
  const { req, res, listener, isTrustedPeer, upgrade } = x;
  const isDirect = listener === 'port' && !isTrustedPeer && upgrade === undefined;
  if (status !== 103 || !isDirect || req.httpVersionMinor === 0 || res.headersSent) return;
  const link = headers.filter((_, i) => i % 2 === 1 && headers[i - 1]!.toLowerCase() === 'link');
  if (link.length === 0) return;
  try {
    res.writeEarlyHints({ link });
  } catch {
    // A link that is none: the hint is lost, the answer is not.
  }
}
