// The addresses behind a host name, as the machine itself sees them: /etc/hosts, search domains and the cache of the
// system count, which Node's own DNS client would pass over. The system does not tell how long an answer holds, so
// it is asked again and again (see follow-names.ts).

import { lookup } from 'node:dns/promises';

/** Rejects, or gives at least one address. */
export type LookUp = (name: string) => Promise<readonly string[]>;

export const lookUp: LookUp = async (name) => {
  const found = await lookup(name, { all: true, order: 'verbatim' });
  return [...new Set(found.map(({ address }) => address))];
};
