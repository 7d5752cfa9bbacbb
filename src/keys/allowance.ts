import type { BudgetState, BudgetTerms } from '../spend/budgets.js';
import type { AllowanceAnswerDto } from './dto/key-answers.dto.js';
import type { AllowanceDto } from './dto/key-fields.dto.js';

const MICRO = 1_000_000;

/** The terms of a budget as a body states them, over those there were. */
export function termsOf(
  fields: Pick<AllowanceDto, 'max_budget' | 'soft_budget' | 'budget_duration'>,
  cleared: ReadonlySet<string> = new Set(),
  before: BudgetTerms = {},
): BudgetTerms {
  const money = (dollars: number | undefined): number | undefined => dollars && Math.round(dollars * MICRO);
  const kept = <T>(name: string, stated: T | undefined, former: T | undefined): T | undefined =>
    cleared.has(name) ? undefined : (stated ?? former);
  return {
    maxMicroDollars: kept('max_budget', money(fields.max_budget), before.maxMicroDollars),
    softMicroDollars: kept('soft_budget', money(fields.soft_budget), before.softMicroDollars),
    duration: kept('budget_duration', fields.budget_duration, before.duration),
  };
}

/** What an answer says of a budget. Without a database nothing is known to have been spent. */
export function budgetAnswer(
  budget: BudgetState | undefined,
): Pick<
  AllowanceAnswerDto,
  'spend' | 'reserved' | 'max_budget' | 'soft_budget' | 'budget_duration' | 'budget_reset_at'
> {
  return {
    spend: (budget?.spentMicroDollars ?? 0) / MICRO,
    reserved: (budget?.reservedMicroDollars ?? 0) / MICRO,
    max_budget: dollars(budget?.maxMicroDollars),
    soft_budget: dollars(budget?.softMicroDollars),
    budget_duration: budget?.duration ?? null,
    budget_reset_at: budget?.resetsAt?.toISOString() ?? null,
  };
}

function dollars(micro: number | undefined): number | null {
  return micro === undefined ? null : micro / MICRO;
}
