import { Module } from '@nestjs/common';
import { AuditLog } from './audit-log.js';

/** Who changed what, and when. */
@Module({ providers: [AuditLog], exports: [AuditLog] })
export class AuditModule {}
