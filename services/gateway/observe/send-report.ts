// The way of a report to auth: over what requests take (TLS with its files, a unix socket), with the proof of the
// gateway's own calls.

import { request } from 'node:http';
import { callProof, callProofHeader } from '@pi-gateway/gateway-link/gateway-proof.ts';
import type { Connector } from '../upstreams/connector.ts';
import { ConnectorAgent } from '../upstreams/connector-agent.ts';
import type { SendReport } from './refusal-reporter.ts';

// Auth answers within two seconds, whatever its database does.
const answerMs = 2500;
// What auth says of a body that it will never take.
const refusedStatuses = new Set([400, 413, 415, 422]);

/** `connector`: where auth is now. */
export function createReportSender(
  masterKey: Buffer,
  connector: () => Connector,
): { readonly send: SendReport; close(): void } {
  let agent: ConnectorAgent | undefined;
  let way: Connector | undefined;
  const proof = callProof(masterKey);

  function currentAgent(current: Connector): ConnectorAgent {
    if (agent === undefined || way !== current) {
      // The one before is let go of: what it has under way still comes to its end.
      agent = new ConnectorAgent(current, { keepAlive: true, maxSockets: 1 });
      way = current;
    }
    return agent;
  }

  return {
    send(body) {
      const current = connector();
      const options = {
        method: 'POST',
        headers: {
          [callProofHeader]: proof,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
        signal: AbortSignal.timeout(answerMs),
        agent: currentAgent(current),
      };
      return new Promise((resolve, reject) => {
        request(`http://${current.authority}/internal/refusals`, options, (answer) => {
          const { statusCode = 0 } = answer;
          answer.on('error', reject).resume();
          if (statusCode === 204) resolve('written');
          else if (refusedStatuses.has(statusCode)) resolve('refused');
          else reject(new Error(`auth answered ${statusCode}`));
        })
          .on('error', reject)
          .end(body);
      });
    },
    close: () => agent?.destroy(),
  };
}
