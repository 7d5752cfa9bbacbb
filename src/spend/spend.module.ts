import { Module } from '@nestjs/common';
import { Budgets } from './budgets.js';
import { Ledger } from './ledger.js';
import { Unrecorded } from './unrecorded.js';

/** What was spent, by whom, and what may be. */
@Module({ providers: [Budgets, { provide: Ledger, useClass: Unrecorded }], exports: [Budgets, Ledger] })
export class SpendModule {}
