import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { MasterOnly } from '../keys/master-only.decorator.js';
import { ApiAnswer } from '../openapi/answers.js';
import { ApiOperatorErrors } from '../openapi/spend.js';
import { readPeriod } from '../spend/usage/period.js';
import { QueryPipe } from '../validation/query.pipe.js';
import { AuditPageDto, AuditQueryDto } from './audit.dto.js';
import { AuditLog } from './audit-log.js';

const PAGE_SIZE = 100;

/** Who changed what: for the master key alone. */
@ApiTags('Operations')
@ApiBearerAuth()
@MasterOnly()
@Controller('audit')
export class AuditController {
  constructor(private readonly log: AuditLog) {}

  @Get()
  @ApiOperation({ operationId: 'listChanges', summary: 'List changes of keys and teams, the newest first.' })
  @ApiAnswer({ type: AuditPageDto, description: 'A page of changes.' })
  @ApiOperatorErrors()
  async list(
    @Query(new QueryPipe(AuditQueryDto, { page: 'integer', page_size: 'integer' })) query: AuditQueryDto,
  ): Promise<AuditPageDto> {
    const { page = 1, page_size: pageSize = PAGE_SIZE, start_date, end_date, ...filter } = query;
    const { entries, total } = await this.log.read({ ...filter, ...readPeriod(start_date, end_date) }, page, pageSize);
    return {
      data: entries.map(({ at, ...same }) => ({ ...same, at: at.toISOString() })),
      total,
      page,
      page_size: pageSize,
      total_pages: Math.ceil(total / pageSize),
    };
  }
}
