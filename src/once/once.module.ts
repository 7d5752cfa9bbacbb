import { Module } from '@nestjs/common';
import { SpendModule } from '../spend/spend.module.js';
import { OnceService } from './once.service.js';

/** What is asked for twice is paid once. */
@Module({ imports: [SpendModule], providers: [OnceService], exports: [OnceService] })
export class OnceModule {}
