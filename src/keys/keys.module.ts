import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Settings } from '../config/settings.js';
import { KeyGuard } from './key.guard.js';
import { KeyRing } from './key-ring.js';

/** Who may call: a guard in front of every route that is not marked open. */
@Module({
  providers: [
    { provide: KeyRing, inject: [Settings], useFactory: (settings: Settings) => new KeyRing(settings.masterKey) },
    { provide: APP_GUARD, useClass: KeyGuard },
  ],
  exports: [KeyRing],
})
export class KeysModule {}
