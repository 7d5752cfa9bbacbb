import { Module } from '@nestjs/common';
import { CallerLimits } from './caller-limits.js';
import { Unlimited } from './unlimited.js';

/** How much a key may ask for at a time. */
@Module({ providers: [{ provide: CallerLimits, useClass: Unlimited }], exports: [CallerLimits] })
export class LimitsModule {}
