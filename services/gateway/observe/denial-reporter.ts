// The gateway has no database: a caller whom it denies for his role is told to auth, which writes the event that
// he would get from auth itself. The refusal waits for that, but not long, and is given whatever comes of it.

import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import {
  callProof,
  callProofHeader,
  forwardProof,
  forwardProofHeader,
} from '@pi-gateway/gateway-link/gateway-proof.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import type { Exchange } from '../exchange.ts';

export type ReportDenial = (x: Exchange) => Promise<void>;

export type DenialReporterOptions = {
  readonly masterKey: Buffer;
  /** Where auth is now. */
  readonly origin: () => string;
  readonly log: Log;
};

const answerMs = 500;
// A flood of refusals costs no more than that; what is beyond it is refused without an event, and the log says so.
const underWayMax = 256;
const connectionsMax = 16;

export type DenialReporter = { readonly report: ReportDenial; close(): void };

export function createDenialReporter({ masterKey, origin, log }: DenialReporterOptions): DenialReporter {
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: connectionsMax }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: connectionsMax }),
  };
  const proofs = {
    [callProofHeader]: callProof(masterKey),
    // Makes auth believe whose request it was: address, id and user agent are the client's.
    [forwardProofHeader]: forwardProof(masterKey),
  };
  let underWay = 0;

  function send(x: Exchange, signal: AbortSignal): Promise<void> {
    const body = JSON.stringify({
      user_id: x.claims!.sub,
      session_id: x.claims!.sid,
      role: x.claims!.roles[0],
      method: x.method,
      route: x.route!.path,
    });
    const userAgent = x.req.headers['user-agent'];
    const headers = {
      ...proofs,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-request-id': x.requestId,
      'x-forwarded-for': x.clientAddress,
      ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
    };
    const url = `${origin()}/internal/access-denials`;
    const isHttps = url.startsWith('https:');
    const request = isHttps ? requestHttps : requestHttp;
    const options = { method: 'POST', headers, signal, agent: isHttps ? agents.https : agents.http };
    return new Promise((resolve, reject) => {
      request(url, options, (answer) => {
        answer.resume();
        if (answer.statusCode === 204) resolve();
        else reject(new Error(`auth answered ${answer.statusCode}`));
      })
        .on('error', reject)
        .end(body);
    });
  }

  return {
    async report(x) {
      try {
        if (underWay >= underWayMax) throw new Error('too many are under way');
        underWay++;
        await send(x, AbortSignal.timeout(answerMs)).finally(() => underWay--);
      } catch (error) {
        log.warn({ err: error, request_id: x.requestId }, 'a denial could not be told to auth');
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
