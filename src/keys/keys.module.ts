import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { Logger } from 'pino';
import { AuditModule } from '../audit/audit.module.js';
import { Settings } from '../config/settings.js';
import { Database } from '../database/database.js';
import { ModelRegistry } from '../registry/model-registry.js';
import { SpendModule } from '../spend/spend.module.js';
import { LOGGER } from '../telemetry/logger.js';
import { UploadsModule } from '../uploads/uploads.module.js';
import { Administration } from './administration.js';
import { CallerCheck } from './caller-check.js';
import { ConfiguredKeys } from './configured-keys.js';
import { KeyAdministration } from './key-administration.js';
import { KeyDirectory } from './key-directory.js';
import { KeyGuard } from './key.guard.js';
import { keysIn } from './key-reading.js';
import { KeyRecords } from './key-records.js';
import { KeyRegeneration } from './key-regeneration.js';
import { KeyRemoval } from './key-removal.js';
import { KeyRing } from './key-ring.js';
import { KeysController } from './keys.controller.js';
import { Teams } from './teams.js';
import { TeamsController } from './teams.controller.js';
import { VirtualKeys } from './virtual-keys.js';

/** Who may call: a guard in front of every route that is not marked open, and the keys and teams behind it. */
@Module({
  imports: [AuditModule, SpendModule, UploadsModule],
  controllers: [KeysController, TeamsController],
  providers: [
    { provide: KeyRing, inject: [Settings], useFactory: (settings: Settings) => new KeyRing(settings.masterKey) },
    {
      provide: VirtualKeys,
      inject: [{ token: Database, optional: true }, ModelRegistry, LOGGER],
      useFactory: openVirtualKeys,
    },
    { provide: APP_GUARD, useClass: KeyGuard },
    Administration,
    CallerCheck,
    ConfiguredKeys,
    KeyAdministration,
    KeyDirectory,
    KeyRecords,
    KeyRegeneration,
    KeyRemoval,
    Teams,
  ],
  exports: [CallerCheck, KeyRing],
})
export class KeysModule {}

/** Undefined where there is no database: then the master key and the configured ones are all there are. */
async function openVirtualKeys(
  database: Database | undefined,
  registry: ModelRegistry,
  logger: Logger,
): Promise<VirtualKeys | undefined> {
  if (!database) return undefined;
  const keys = new VirtualKeys(database, keysIn(database, registry), logger);
  await keys.listen();
  return keys;
}
