import { Controller, Get, Header, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { MasterOnly } from '../../keys/master-only.decorator.js';
import { ApiLogPage, ApiSpendList } from '../../openapi/spend.js';
import { QueryPipe } from '../../validation/query.pipe.js';
import { figuresOf, LOG_COLUMNS, nameOf, toLogPage } from './answers.js';
import { toCsv } from './csv.js';
import { readPeriod } from './period.js';
import { KeySpendDto, ModelSpendDto, ReportLineDto, TeamSpendDto } from './spend-answers.dto.js';
import { SpendLog } from './spend-log.js';
import { LogsQueryDto, PeriodQueryDto, ReportQueryDto } from './spend-query.dto.js';
import { SpendSums } from './spend-sums.js';

const PAGE_SIZE = 100;

/** With its parameters (RFC 4180 §3), so that an `Accept` may name any of them. */
const CSV = 'text/csv; charset=utf-8; header=present';

/** Who spent what: for the master key alone (litellm.md §2.14). */
@ApiTags('Spend')
@ApiBearerAuth()
@MasterOnly()
@Controller()
export class SpendController {
  constructor(
    private readonly log: SpendLog,
    private readonly sums: SpendSums,
  ) {}

  @Get('spend/logs')
  @Header('vary', 'accept')
  @ApiOperation({
    operationId: 'listSpendLogs',
    summary: 'List requests with what they cost, the newest first.',
    description:
      'With `Accept: text/csv` the page is CSV; `x-total-count` says how many rows there are, and `link` where the next are. ' +
      'Requests older than `SPEND_LOG_RETENTION` are in the sums alone.',
  })
  @ApiLogPage()
  async logs(
    @Query(new QueryPipe(LogsQueryDto, { page: 'integer', page_size: 'integer' })) query: LogsQueryDto,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { page = 1, page_size: pageSize = PAGE_SIZE, team_id: team, request_id: requestId, ...same } = query;
    const { model, operation, status, user, tag, api_key: key } = same;
    const period = readPeriod(query.start_date, query.end_date);
    const filter = { key, team, model, operation, status, user, tag, requestId, ...period };
    const { rows, total } = await this.log.read(filter, page, pageSize);
    const answer = toLogPage(rows, total, page, pageSize);
    if (request.accepts(['json', CSV]) === CSV) {
      response.set('x-total-count', String(total));
      if (page < answer.total_pages) response.links({ next: pageOf(request, page + 1) });
      response.type(CSV).send(toCsv(LOG_COLUMNS, answer.data));
    } else response.json(answer);
  }

  @Get('spend/keys')
  @ApiOperation({ operationId: 'sumSpendByKey', summary: 'What each key has spent, the dearest first.' })
  @ApiSpendList(KeySpendDto)
  async keys(@Query(new QueryPipe(PeriodQueryDto)) query: PeriodQueryDto): Promise<KeySpendDto[]> {
    const sums = await this.sums.read('key', periodOf(query));
    return sums.map((sum) => ({ api_key: sum.name, key_alias: sum.alias, ...figuresOf(sum) }));
  }

  @Get('spend/teams')
  @ApiOperation({ operationId: 'sumSpendByTeam', summary: 'What each team has spent, the dearest first.' })
  @ApiSpendList(TeamSpendDto)
  async teams(@Query(new QueryPipe(PeriodQueryDto)) query: PeriodQueryDto): Promise<TeamSpendDto[]> {
    const sums = await this.sums.read('team', periodOf(query));
    return sums.map((sum) => ({ team_id: nameOf(sum), ...figuresOf(sum) }));
  }

  @Get('spend/models')
  @ApiOperation({ operationId: 'sumSpendByModel', summary: 'What each model has cost, the dearest first.' })
  @ApiSpendList(ModelSpendDto)
  async models(@Query(new QueryPipe(PeriodQueryDto)) query: PeriodQueryDto): Promise<ModelSpendDto[]> {
    const sums = await this.sums.read('model', periodOf(query));
    return sums.map((sum) => ({ model: nameOf(sum), ...figuresOf(sum) }));
  }

  @Get('global/spend/report')
  @ApiOperation({ operationId: 'reportSpend', summary: 'What was spent, by day, key, team or model.' })
  @ApiSpendList(ReportLineDto)
  async report(@Query(new QueryPipe(ReportQueryDto)) query: ReportQueryDto): Promise<ReportLineDto[]> {
    const sums = await this.sums.read(query.group_by ?? 'day', periodOf(query));
    return sums.map((sum) => ({ group: nameOf(sum), key_alias: sum.alias, ...figuresOf(sum) }));
  }
}

/** The same request for another page. */
function pageOf({ path, originalUrl }: Request, page: number): string {
  const query = new URLSearchParams(originalUrl.split('?')[1]);
  query.set('page', String(page));
  return `${path}?${query.toString()}`;
}

const periodOf = ({ start_date, end_date }: PeriodQueryDto) => readPeriod(start_date, end_date);
