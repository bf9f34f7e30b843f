// A process of ours that stands still and goes on, stopped by SIGSTOP as on a machine that swaps, or while a snapshot is
// taken: it keeps its connections, takes new ones by its kernel, and says nothing. And one that may open no more files.

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { FaultCase } from './measure-fault.ts';
import type { Rig } from './start-rig.ts';

type PidOf = (rig: Rig) => number;

function pause(name: string, what: string, pidOf: PidOf, noticed: FaultCase['noticed']): FaultCase {
  return {
    name,
    what,
    noticed,
    holdsRequests: true,
    async inject(rig) {
      const pid = pidOf(rig);
      process.kill(pid, 'SIGSTOP');
      return async () => void process.kill(pid, 'SIGCONT');
    },
  };
}

const sparedDescriptors = 2;

function starve(name: string, what: string, pidOf: PidOf): FaultCase {
  return {
    name,
    what,
    noticed: 'refusals',
    async inject(rig) {
      const pid = String(pidOf(rig));
      const prlimit = (...args: readonly string[]) =>
        execFileSync('prlimit', ['--pid', pid, ...args], { encoding: 'utf8' }).trim();
      const before = prlimit('--nofile', '--output', 'SOFT', '--noheadings');
      prlimit(`--nofile=${readdirSync(`/proc/${pid}/fd`).length + sparedDescriptors}:`);
      return async () => void prlimit(`--nofile=${before}:`);
    },
  };
}

const firstAuth: PidOf = ({ auths }) => auths[0]!.pid();
const firstGateway: PidOf = ({ gateways }) => gateways[0]!.pid();

export const processFaults: readonly FaultCase[] = [
  pause('auth-paused', 'one of two auths stands still (SIGSTOP)', firstAuth, 'writes wait'),
  pause('gateway-paused', 'one of two gateways stands still (SIGSTOP)', firstGateway, 'one in a thousand'),
  starve('auth-descriptors', 'one of two auths may open no more files', firstAuth),
  starve('gateway-descriptors', 'one of two gateways may open no more files', firstGateway),
];
