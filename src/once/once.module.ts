import { Module } from '@nestjs/common';
import { OnceService } from './once.service.js';

/** What is asked for twice is paid once. */
@Module({ providers: [OnceService], exports: [OnceService] })
export class OnceModule {}
