// PostgreSQL goes away, falls silent, refuses or is full. Whoever has a token is served all the same; what needs the
// database is told to come again.

import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Fault } from './fault-proxy.ts';
import type { FaultCase } from './measure-fault.ts';
import type { Rig } from './start-rig.ts';

function overTheNetwork(name: string, what: string, fault: Fault): FaultCase {
  return {
    name,
    what,
    noticed: 'writes wait',
    async inject({ links }) {
      await links.postgres.become(fault);
      return () => links.postgres.become('none');
    },
  };
}

/** A setting of the whole server, until it is taken back. */
async function setServer(rig: Rig, name: string, value: string): Promise<() => Promise<void>> {
  const url = new URL(rig.postgres.superuserUrl);
  async function apply(statement: string): Promise<void> {
    const client = new Client({ connectionString: url.href });
    await client.connect();
    await client.query('set default_transaction_read_only = off');
    await client.query(statement);
    await client.query('select pg_reload_conf()');
    await client.end();
  }
  await apply(`alter system set ${name} = ${value}`);
  return () => apply(`alter system reset ${name}`);
}

function serverOf({ postgres }: Rig): number {
  const pid = postgres.pid();
  if (pid === undefined) throw new Error('PostgreSQL does not run');
  return pid;
}

/** Opens connections until the server takes no more of ordinary users, and keeps at it. */
async function useUpConnections(rig: Rig): Promise<() => Promise<void>> {
  const held: Client[] = [];
  const state = { isOver: false };
  const url = rig.postgres.ownerUrl;
  const admin = await rig.superuser();
  const holding = (async () => {
    while (!state.isOver) {
      const client = new Client({ connectionString: url });
      client.on('error', () => undefined);
      try {
        await client.connect();
        held.push(client);
      } catch {
        // None left: those of the services go, and what they let go of is taken before they can have it again.
        await admin.rows(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pi-auth'`,
        );
      }
    }
  })();
  return async () => {
    state.isOver = true;
    await holding;
    await Promise.all(held.map((client) => client.end()));
    await admin.close();
  };
}

/** A table that everybody writes to is locked, as by a migration of somebody else's: the pools fill with waiting. */
async function lockSessions(rig: Rig): Promise<() => Promise<void>> {
  const url = new URL(rig.databaseUrl);
  url.searchParams.set('host', new URL(rig.postgres.ownerUrl).searchParams.get('host')!);
  const client = new Client({ connectionString: url.href });
  await client.connect();
  await client.query('begin; lock table sessions in access exclusive mode');
  return () => client.end();
}

const diskMb = 48;

/** The tables move to a small disk of their own, which is then filled to its last block. Needs root, to mount it. */
async function fillDisk(rig: Rig): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'pi-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m,mode=0711`, 'tmpfs', dir]);
  const space = join(dir, 'space');
  execFileSync('mkdir', [space]);
  const socketDir = new URL(rig.postgres.superuserUrl).searchParams.get('host')!;
  const { uid, gid } = statSync(socketDir);
  chownSync(space, uid, gid);
  const database = await rig.superuser();
  await database.rows(`create tablespace small location '${space}'`);
  const tables = await database.rows(
    `select format('%I', relname) as name, relkind from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')`,
  );
  async function moveAll(tablespace: string): Promise<void> {
    for (const { name, relkind } of tables) {
      const kind = relkind === 'i' ? 'index' : 'table';
      // Who works with it meanwhile may be in the way, or lock two of them the other way round.
      for (let triesLeft = 50; ; triesLeft -= 1) {
        const failure = await database.rows(`alter ${kind} ${name} set tablespace ${tablespace}`).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (failure === undefined) break;
        if (triesLeft === 0) throw failure;
        await delay(50);
      }
    }
  }
  await moveAll('small');
  const ballast = join(dir, 'ballast');
  const { bavail, bsize } = statfsSync(dir);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));
  // What is free inside the tables is used up too: from here on every new row needs a block.
  return async () => {
    rmSync(ballast);
    await moveAll('pg_default');
    await database.rows('drop tablespace small');
    await database.close();
    execFileSync('umount', ['-l', dir]);
    rmSync(dir, { recursive: true, force: true });
  };
}

const nothing = async () => undefined;

export const postgresFaults: readonly FaultCase[] = [
  overTheNetwork('postgres-away', 'PostgreSQL is gone: nobody listens', 'away'),
  overTheNetwork('postgres-resets', 'every connection to PostgreSQL is reset', 'resets'),
  overTheNetwork('postgres-silent', 'PostgreSQL takes connections and says nothing', 'silent'),
  overTheNetwork(
    'postgres-black-hole',
    'connections to PostgreSQL die without a word, for good',
    'black hole',
  ),
  overTheNetwork('postgres-slow', 'every byte from and to PostgreSQL is 300 ms late', { delayMs: 300 }),
  overTheNetwork('postgres-thin', 'PostgreSQL is reached by 20 kB a second', { bytesPerSecond: 20_000 }),
  {
    name: 'postgres-restarted',
    what: 'PostgreSQL is restarted in order',
    noticed: 'writes wait',
    async inject(rig) {
      process.kill(serverOf(rig), 'SIGINT');
      return nothing;
    },
  },
  {
    name: 'postgres-killed',
    what: 'PostgreSQL is killed and recovers',
    noticed: 'writes wait',
    async inject(rig) {
      process.kill(serverOf(rig), 'SIGKILL');
      return nothing;
    },
  },
  {
    name: 'postgres-paused',
    what: 'PostgreSQL is stopped where it stands (SIGSTOP), and goes on',
    noticed: 'writes wait',
    async inject(rig) {
      const pids = execFileSync('pgrep', ['-P', String(serverOf(rig))], { encoding: 'utf8' });
      const each = (signal: NodeJS.Signals) => {
        for (const pid of [serverOf(rig), ...pids.trim().split('\n')]) {
          try {
            process.kill(Number(pid), signal);
          } catch {
            // It has ended meanwhile.
          }
        }
      };
      each('SIGSTOP');
      return async () => each('SIGCONT');
    },
  },
  {
    name: 'postgres-read-only',
    what: 'PostgreSQL takes no writes, as a standby',
    noticed: 'writes wait',
    inject: (rig) => setServer(rig, 'default_transaction_read_only', 'on'),
  },
  {
    name: 'postgres-locked',
    what: 'a table is locked: every connection of the pools waits',
    noticed: 'writes wait',
    inject: lockSessions,
  },
  {
    name: 'postgres-connections-used-up',
    what: 'others have every connection of PostgreSQL (max_connections)',
    noticed: 'writes wait',
    inject: useUpConnections,
  },
  {
    name: 'postgres-disk-full',
    what: 'the disk of the tables is full',
    noticed: 'writes wait',
    inject: fillDisk,
  },
];
