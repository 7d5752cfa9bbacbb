import { Module } from '@nestjs/common';
import { Ledger } from './ledger.js';
import { Unrecorded } from './unrecorded.js';

/** What was spent, by whom, and what may be. */
@Module({ providers: [{ provide: Ledger, useClass: Unrecorded }], exports: [Ledger] })
export class SpendModule {}
