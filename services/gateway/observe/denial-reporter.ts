// The gateway has no database: a caller whom it denies for his role is told to auth, which writes the event that
// he would get from auth itself. The refusal waits for that, but not long, and is given whatever comes of it.

import { request } from 'node:http';
import type { AccessTokenClaims } from '@pi-gateway/access-token/claims.ts';
import {
  callProof,
  callProofHeader,
  forwardProof,
  forwardProofHeader,
} from '@pi-gateway/gateway-link/gateway-proof.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import type { Exchange } from '../exchange.ts';
import type { Connector } from '../upstreams/connector.ts';
import { ConnectorAgent } from '../upstreams/connector-agent.ts';

export type ReportDenial = (x: Exchange, who: AccessTokenClaims) => Promise<void>;

export type DenialReporterOptions = {
  readonly masterKey: Buffer;
  /** Where auth is now. */
  readonly connector: () => Connector;
  readonly log: Log;
};

const answerMs = 500;
// A flood of refusals costs no more than that; what is beyond it is refused without an event, and the log says so.
const underWayMax = 256;
const connectionsMax = 16;

export type DenialReporter = { readonly report: ReportDenial; close(): void };

export function createDenialReporter({ masterKey, connector, log }: DenialReporterOptions): DenialReporter {
  let agent: ConnectorAgent | undefined;
  let way: Connector | undefined;
  const proofs = {
    [callProofHeader]: callProof(masterKey),
    // Makes auth believe whose request it was: address, id and user agent are the client's.
    [forwardProofHeader]: forwardProof(masterKey),
  };
  let underWay = 0;

  function currentAgent(): ConnectorAgent {
    const current = connector();
    if (agent === undefined || way !== current) {
      // The one before is let go of: what it has under way still comes to its end.
      agent = new ConnectorAgent(current, { keepAlive: true, maxSockets: connectionsMax });
      way = current;
    }
    return agent;
  }

  function send(x: Exchange, who: AccessTokenClaims, signal: AbortSignal): Promise<void> {
    const body = JSON.stringify({
      user_id: who.sub,
      session_id: who.sid,
      role: who.roles[0],
      method: x.method,
      route: x.route!.label,
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
    const url = `http://${connector().authority}/internal/access-denials`;
    const options = { method: 'POST', headers, signal, agent: currentAgent() };
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
    async report(x, who) {
      try {
        if (underWay >= underWayMax) throw new Error('too many are under way');
        underWay++;
        await send(x, who, AbortSignal.timeout(answerMs)).finally(() => underWay--);
      } catch (error) {
        log.warn({ err: error, request_id: x.requestId }, 'a denial could not be told to auth');
      }
    },
    close() {
      agent?.destroy();
    },
  };
}
