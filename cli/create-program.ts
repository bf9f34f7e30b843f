// The table of contents of `pi`.

import { Command } from 'commander';
import { addAuditCheckProof } from './commands/audit-check-proof.ts';
import { addAuditDropBefore } from './commands/audit-drop-before.ts';
import { addAuditExport } from './commands/audit-export.ts';
import { addAuditKeys } from './commands/audit-keys.ts';
import { addAuditList } from './commands/audit-list.ts';
import { addAuditProve } from './commands/audit-prove.ts';
import { addAuditTail } from './commands/audit-tail.ts';
import { addAuditVerify } from './commands/audit-verify.ts';
import { addBackup } from './commands/backup.ts';
import { addDoctor } from './commands/doctor.ts';
import { addGatewayCheck } from './commands/gateway-check.ts';
import { addGatewayDiff } from './commands/gateway-diff.ts';
import { addGatewayExplain } from './commands/gateway-explain.ts';
import { addGatewayRoutes } from './commands/gateway-routes.ts';
import { addKeysChangeMaster } from './commands/keys-change-master.ts';
import { addKeysList } from './commands/keys-list.ts';
import { addKeysRevoke } from './commands/keys-revoke.ts';
import { addKeysRotate } from './commands/keys-rotate.ts';
import { addMigrate } from './commands/migrate.ts';
import { addRestore } from './commands/restore.ts';
import { addUpkeep } from './commands/upkeep.ts';
import { addUserCreate } from './commands/user-create.ts';
import { addUserDisable } from './commands/user-disable.ts';
import { addUserEnable } from './commands/user-enable.ts';
import { addUserErase } from './commands/user-erase.ts';
import { addUserExport } from './commands/user-export.ts';
import { addUserImport } from './commands/user-import.ts';
import { addUserList } from './commands/user-list.ts';
import { addUserRole } from './commands/user-role.ts';
import { addWebhookAdd } from './commands/webhook-add.ts';
import { addWebhookDeliveries } from './commands/webhook-deliveries.ts';
import { addWebhookList } from './commands/webhook-list.ts';
import { addWebhookRedeliver } from './commands/webhook-redeliver.ts';
import { addWebhookRemove } from './commands/webhook-remove.ts';
import { addWebhookRotate } from './commands/webhook-rotate.ts';
import { addWebhookSwitch } from './commands/webhook-switch.ts';
import { addWebhookTest } from './commands/webhook-test.ts';
import type { Io } from './io.ts';

const exitCodes = `
Settings come from the environment, as for the services. Without DATABASE_URL the commands speak to the
run that is up on DATA_DIR (.data).

Exit codes: 0 done, 1 refused (nothing was changed), 2 wrong usage, 3 a setting is wrong or a part is away,
4 done but for some lines of the input.`;

/** A fresh program; it throws CommanderError instead of ending the process. */
export function createProgram(io: Io): Command {
  const program = newCommand(io, 'pi', 'The command line tool of PI Gateway').addHelpText('after', exitCodes);
  const user = newCommand(io, 'user', 'Accounts');
  const keys = newCommand(io, 'keys', 'Signing keys');
  const audit = newCommand(io, 'audit', 'Audit events');
  const webhook = newCommand(io, 'webhook', 'Where audit events are sent on');
  const gateway = newCommand(io, 'gateway', 'The gateway');
  for (const group of [user, keys, audit, webhook, gateway]) program.addCommand(group);

  addMigrate(program, io);
  addUpkeep(program, io);
  addBackup(program, io);
  addRestore(program, io);
  addDoctor(program, io);
  addUserCreate(user, io);
  addUserList(user, io);
  addUserRole(user, io);
  addUserDisable(user, io);
  addUserEnable(user, io);
  addUserImport(user, io);
  addUserExport(user, io);
  addUserErase(user, io);
  addKeysList(keys, io);
  addKeysRotate(keys, io);
  addKeysRevoke(keys, io);
  addKeysChangeMaster(keys, io);
  addAuditList(audit, io);
  addAuditExport(audit, io);
  addAuditVerify(audit, io);
  addAuditProve(audit, io);
  addAuditCheckProof(audit, io);
  addAuditKeys(audit, io);
  addAuditDropBefore(audit, io);
  addAuditTail(audit, io);
  addWebhookAdd(webhook, io);
  addWebhookList(webhook, io);
  addWebhookRemove(webhook, io);
  addWebhookRotate(webhook, io);
  addWebhookSwitch(webhook, io);
  addWebhookTest(webhook, io);
  addWebhookDeliveries(webhook, io);
  addWebhookRedeliver(webhook, io);
  addGatewayCheck(gateway, io);
  addGatewayRoutes(gateway, io);
  addGatewayExplain(gateway, io);
  addGatewayDiff(gateway, io);
  return program;
}

function newCommand(io: Io, name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError('(add --help for what it takes)');
}
