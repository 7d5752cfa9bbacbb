import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { UploadsModule } from '../uploads/uploads.module.js';
import { LogLevelController } from './log-level.controller.js';

/** The log's level, while the gateway runs. */
@Module({ imports: [AuditModule, UploadsModule], controllers: [LogLevelController] })
export class LogLevelModule {}
