import { Body, Controller, Get, HttpCode, Inject, Put, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import type { Logger } from 'pino';
import { AuditLog } from '../audit/audit-log.js';
import { Settings } from '../config/settings.js';
import { actorOf } from '../keys/actor.js';
import { AdminBody } from '../keys/admin-body.js';
import { ApiChange } from '../keys/api-administration.js';
import { MasterOnly } from '../keys/master-only.decorator.js';
import { ApiAnswer, ApiErrors } from '../openapi/answers.js';
import { LogLevelDto } from './log-level.dto.js';
import { LOGGER } from './logger.js';

/** How much this instance logs, until it starts again. */
@ApiTags('Operations')
@ApiBearerAuth()
@MasterOnly()
@Controller('log-level')
export class LogLevelController {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Settings) private readonly settings: Settings,
    private readonly audit: AuditLog,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'readLogLevel', summary: 'How much this instance logs.' })
  @ApiAnswer({ type: LogLevelDto, description: 'The level.' })
  @ApiErrors('expiredKey', 'blockedKey', 'routeNotAllowed')
  read(): LogLevelDto {
    return { level: this.logger.level as LogLevelDto['level'] };
  }

  @Put()
  @HttpCode(200)
  @UseGuards(AdminBody(LogLevelDto))
  @ApiBody({ type: LogLevelDto, examples: { closely: { summary: 'To look closely', value: { level: 'debug' } } } })
  @ApiOperation({
    operationId: 'changeLogLevel',
    summary: 'Log more or less, without a restart.',
    description:
      'Of the instance that answers, until it starts again; `LOG_LEVEL` is what it starts with. The change is in ' +
      '`/audit` and in the log. No level logs keys, prompts or bodies.',
  })
  @ApiAnswer({ type: LogLevelDto, description: 'The new level.' })
  @ApiChange()
  async change(@Body() { level }: LogLevelDto, @Req() request: Request): Promise<LogLevelDto> {
    const before = this.logger.level;
    const actor = actorOf(request);
    // Without a database the log is the record.
    if (this.settings.database.kind !== 'none') {
      const change = { actor, action: 'log.level', subject: 'instance', before: { level: before }, after: { level } };
      await this.audit.record(change);
    }
    const { id, traceId } = request.call;
    this.logger.level = 'info'; // Whatever the levels are, their change is in the log.
    this.logger.info({ id, traceId, actor, before, after: level }, 'the log level was changed');
    this.logger.level = level;
    return { level };
  }
}
