// A crowd of WebSockets that are used now and then, and which of them have been dropped.

import assert from 'node:assert/strict';
import { RawClient } from '@pi-gateway/gateway/testing/raw-client.ts';

export type Sockets = {
  /** Sends a word on each and waits for it to come back; how many are closed, or silent. */
  countDropped(): Promise<number>;
  close(): void;
};

export async function openSockets(
  count: number,
  port: number,
  path: string,
  token: string,
): Promise<Sockets> {
  const clients = await Promise.all(
    Array.from({ length: count }, async () => {
      const client = await RawClient.open(port);
      client.send(
        `GET ${path} HTTP/1.1`,
        'Host: sockets.test',
        'Connection: Upgrade',
        'Upgrade: websocket',
        `Authorization: Bearer ${token}`,
      );
      await client.see(/^HTTP\/1\.1 101 [^]*\r\n\r\n/);
      return client;
    }),
  );
  let round = 0;
  return {
    async countDropped() {
      round += 1;
      const word = `word-${round};`;
      const heard = await Promise.all(
        clients.map(async (client) => {
          if (client.isClosed) return false;
          client.write(word);
          return client.see(new RegExp(word)).then(
            () => !client.isClosed,
            () => false,
          );
        }),
      );
      return heard.filter((isHeard) => !isHeard).length;
    },
    close() {
      for (const client of clients) client.close();
      assert.ok(clients.length > 0);
    },
  };
}
