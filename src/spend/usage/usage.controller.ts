import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { type Caller, unrestricted } from '../../keys/caller.js';
import { ApiAnswer, ApiErrors } from '../../openapi/answers.js';
import { QueryPipe } from '../../validation/query.pipe.js';
import { type BudgetState, Budgets } from '../budgets.js';
import { inDollars } from '../money.js';
import { figuresOf, nameOf, totalOf } from './answers.js';
import { readPeriod } from './period.js';
import { UsageDto } from './spend-answers.dto.js';
import { PeriodQueryDto } from './spend-query.dto.js';
import { SpendSums } from './spend-sums.js';

/** A key's own figures: for any key. */
@ApiTags('Spend')
@ApiBearerAuth()
@Controller()
export class UsageController {
  constructor(
    private readonly sums: SpendSums,
    private readonly budgets: Budgets,
  ) {}

  @Get(['v1/usage', 'usage'])
  @ApiOperation({ operationId: 'readUsage', summary: 'What the key that asks has used.' })
  @ApiAnswer({ type: UsageDto, description: 'Its usage.' })
  @ApiErrors('invalidValue', 'unsupportedParameter', 'routeNotAllowed', 'noDatabase', 'databaseDown')
  async own(
    @Query(new QueryPipe(PeriodQueryDto)) { start_date, end_date }: PeriodQueryDto,
    @Req() request: Request,
  ): Promise<UsageDto> {
    const { id, alias } = request.call.caller ?? unrestricted('none');
    const period = readPeriod(start_date, end_date);
    const days = await this.sums.read('day', period, id);
    const models = await this.sums.read('model', period, id);
    return {
      key_alias: alias,
      ...budgetAnswer(await this.budgetOf(request.call.caller)),
      total: totalOf(days),
      days: days.map((sum) => ({ day: sum.name, ...figuresOf(sum) })),
      models: models.map((sum) => ({ model: nameOf(sum), ...figuresOf(sum) })),
    };
  }

  private async budgetOf(caller: Caller | undefined): Promise<BudgetState | undefined> {
    const scope = caller?.budgets.find((budget) => budget.startsWith('key:'));
    return scope === undefined ? undefined : (await this.budgets.read([scope])).get(scope);
  }
}

function budgetAnswer(budget: BudgetState | undefined): Pick<UsageDto, 'spend' | 'max_budget' | 'budget_reset_at'> {
  const { spentMicroDollars: spent, maxMicroDollars: max, resetsAt } = budget ?? {};
  return {
    spend: spent === undefined ? null : inDollars(spent),
    max_budget: max === undefined ? null : inDollars(max),
    budget_reset_at: resetsAt?.toISOString() ?? null,
  };
}
