import 'reflect-metadata';
import { IsOptional } from 'class-validator';
import { OPERATIONS } from '../keys/operations.js';
import { isRoute } from '../keys/routes.js';
import { IsAliasMap, IsBudget, IsDuration, IsKey, IsListOf, IsOneOf, IsText, IsWholeNumber } from './checks.js';

const LARGEST_LIMIT = 1_000_000;

const isName = (text: string): boolean => text !== '' && text.split('*').length <= 2;

/** One configured key. */
export class StaticKeyEntry {
  /** The key, or `sha256:` and its digest in hex. */
  @IsKey()
  key!: string;

  @IsOptional()
  @IsText()
  alias?: string;

  @IsOptional()
  @IsListOf('names of models with at most one * each', isName)
  models?: string[];

  @IsOptional()
  @IsListOf(`operations (${OPERATIONS.join(', ')})`, (text) => OPERATIONS.includes(text))
  operations?: string[];

  @IsOptional()
  @IsListOf('paths with at most one * each', isRoute)
  allowed_routes?: string[];

  @IsOptional()
  @IsAliasMap({ plain: true })
  aliases?: Record<string, string>;

  @IsOptional()
  @IsListOf('texts', (text) => text !== '')
  tags?: string[];

  @IsOptional()
  @IsOneOf(['interactive', 'batch'])
  priority?: 'interactive' | 'batch';

  @IsOptional()
  @IsWholeNumber(1, 100)
  weight?: number;

  @IsOptional()
  @IsWholeNumber(1, LARGEST_LIMIT)
  rpm_limit?: number;

  @IsOptional()
  @IsWholeNumber(1, LARGEST_LIMIT)
  ipm_limit?: number;

  @IsOptional()
  @IsWholeNumber(1, LARGEST_LIMIT)
  max_parallel_requests?: number;

  @IsOptional()
  @IsBudget()
  max_budget?: number;

  @IsOptional()
  @IsBudget()
  soft_budget?: number;

  @IsOptional()
  @IsDuration()
  budget_duration?: string;
}
