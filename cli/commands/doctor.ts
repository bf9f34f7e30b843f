// `pi doctor`: reads the settings the services would read, tries every connection, measures the password hash, and
// says what to mend.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Finding } from '../doctor/finding.ts';
import { inspectAuditLog } from '../doctor/inspect-audit-log.ts';
import { inspectClock } from '../doctor/inspect-clock.ts';
import { inspectDatabase } from '../doctor/inspect-database.ts';
import { inspectDisk } from '../doctor/inspect-disk.ts';
import { inspectGatewayFile } from '../doctor/inspect-gateway-file.ts';
import { inspectImportedHashes } from '../doctor/inspect-imported-hashes.ts';
import { inspectKeys } from '../doctor/inspect-keys.ts';
import { inspectLimits } from '../doctor/inspect-limits.ts';
import { inspectPasswordHash } from '../doctor/inspect-password-hash.ts';
import { inspectRedis } from '../doctor/inspect-redis.ts';
import { inspectSchema } from '../doctor/inspect-schema.ts';
import { inspectSettings } from '../doctor/inspect-settings.ts';
import { inspectStorage } from '../doctor/inspect-storage.ts';
import { type Io, printAnswer } from '../io.ts';
import { readWholeUpTo } from '../read-whole.ts';

const exitCodes = `
Each line is ok, warn (it runs, but somebody should know) or fail (it says what to do).
Exit codes: 0 nothing fails, 2 wrong usage, 3 something fails.`;

export function addDoctor(parent: Command, io: Io): void {
  parent
    .command('doctor')
    .description('check settings, connections and versions, and measure the password hash on this machine')
    .option('--hash-ms <ms>', 'what a password hash may take at most', readWholeUpTo(5000), 250)
    .option('--json', 'answer as JSON')
    .addHelpText('after', exitCodes)
    .action(async (options: { hashMs: number; json?: true }) => {
      const findings: Finding[] = [
        { part: 'version', state: 'ok', detail: `PI Gateway ${productVersion()} on Node ${process.version}` },
        ...inspectSettings(io),
        await inspectDatabase(io),
        await inspectSchema(io),
        await inspectStorage(io),
        inspectDisk(io),
        await inspectClock(io),
        await inspectKeys(io),
        await inspectAuditLog(io),
        await inspectRedis(io),
        ...inspectLimits(io),
        inspectGatewayFile(io),
        ...(await inspectPasswordHash(io, options.hashMs)),
        ...(await inspectImportedHashes(io)),
      ];
      const text = findings
        .map(({ part, state, detail }) => `${state.padEnd(4)}  ${part}: ${detail}`)
        .join('\n');
      printAnswer(io, { text, json: { findings } }, options.json);
      const failed = findings.filter((finding) => finding.state === 'fail');
      if (failed.length > 0) throw new CliError(3, `${failed.length} of ${findings.length} checks failed`);
    });
}

function productVersion(): string {
  const manifest = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
