import { Global, Module } from '@nestjs/common';
import { RoutingModule } from '../routing/routing.module.js';
import { GoingDown } from './going-down.js';

/** How an instance is taken out of service. */
@Global()
@Module({ imports: [RoutingModule], providers: [GoingDown], exports: [GoingDown] })
export class ShutdownModule {}
