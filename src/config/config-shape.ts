// class-transformer's @Type reads the metadata that this package keeps.
import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import { ROUTING_STRATEGIES, type RoutingStrategy } from './routing-settings.js';
import { getMetadataStorage, IsOptional, ValidateNested } from 'class-validator';
import {
  IsAliasMap,
  IsApiBase,
  IsBlock,
  IsCount,
  IsDatabase,
  IsFallbackList,
  IsFlag,
  IsKey,
  IsModelName,
  IsNameList,
  IsOneOf,
  IsPositive,
  IsPrice,
  IsRecraftModel,
  IsThat,
  IsText,
  isBlock,
} from './checks.js';

/** What `os.environ/NAME` brings is text, also where a number is meant. */
const NumberFromText = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : value,
  );

/** A whole number of 0 or more, also as text. */
const OptionalCount = () => applyAll(IsOptional(), NumberFromText(), IsCount());

/** A number above 0, also as text. */
const OptionalPositive = (unit: string) => applyAll(IsOptional(), NumberFromText(), IsPositive(unit));

function applyAll(...decorators: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, name) => {
    for (const decorate of decorators) decorate(target, name);
  };
}

export const MODES = ['image_generation', 'image_edit'] as const;

/** `litellm_params`. Any key that is neither here nor LiteLLM's own is a request field with its default. */
export class LitellmParams {
  @IsRecraftModel()
  model!: string;

  @IsOptional()
  @IsKey()
  api_key?: string;

  @IsOptional()
  @IsApiBase()
  api_base?: string;

  @IsOptional()
  @NumberFromText()
  @IsPositive('seconds')
  timeout?: number;

  @OptionalPositive('seconds')
  stream_timeout?: number;

  @IsOptional()
  @NumberFromText()
  @IsPrice()
  output_cost_per_image?: number;

  @OptionalCount()
  rps?: number;

  @OptionalCount()
  rpm?: number;

  @OptionalCount()
  ipm?: number;

  @OptionalCount()
  max_parallel_requests?: number;

  @OptionalPositive('shares')
  weight?: number;

  @OptionalPositive('seconds')
  cooldown_time?: number;
}

/** `retry_policy`: how often each kind of failure is tried again. */
export class RetryPolicy {
  @OptionalCount()
  AuthenticationErrorRetries?: number;

  @OptionalCount()
  RateLimitErrorRetries?: number;

  @OptionalCount()
  TimeoutErrorRetries?: number;

  @OptionalCount()
  InternalServerErrorRetries?: number;

  /** Read, and without effect: what was refused for its content or its form is never sent again. */
  @OptionalCount()
  ContentPolicyViolationErrorRetries?: number;

  @OptionalCount()
  BadRequestErrorRetries?: number;
}

/** A list of groups, each with those that stand in for it: `[{ a: [b, c] }]`. */
export type FallbackList = readonly Readonly<Record<string, readonly string[]>>[];

/** What LiteLLM reads in `litellm_settings` as well as in `router_settings`. */
class FailureSettings {
  @OptionalCount()
  num_retries?: number;

  @OptionalCount()
  allowed_fails?: number;

  @OptionalPositive('seconds')
  cooldown_time?: number;

  @IsOptional()
  @IsFallbackList()
  fallbacks?: FallbackList;

  @IsOptional()
  @IsFallbackList()
  content_policy_fallbacks?: FallbackList;

  @IsOptional()
  @IsNameList()
  default_fallbacks?: readonly string[];
}

/** `model_info`. */
export class ModelInfo {
  @IsOptional()
  @IsText()
  id?: string;

  @IsOptional()
  @IsOneOf(MODES)
  mode?: (typeof MODES)[number];

  @IsOptional()
  @NumberFromText()
  @IsPrice()
  output_cost_per_image?: number;
}

/** One entry of `model_list`. */
export class ModelEntry {
  @IsModelName()
  model_name!: string;

  @IsBlock()
  @ValidateNested()
  @Type(() => LitellmParams)
  litellm_params!: LitellmParams;

  @IsOptional()
  @IsBlock()
  @ValidateNested()
  @Type(() => ModelInfo)
  model_info?: ModelInfo;
}

/** A target of an alias map: a name, or LiteLLM's longer form. */
export type AliasTarget = string | { readonly model: string; readonly hidden?: boolean };

/** `litellm_settings`. */
export class LitellmSettings extends FailureSettings {
  @IsOptional()
  @IsFlag()
  drop_params?: boolean;

  @IsOptional()
  @NumberFromText()
  @IsPositive('seconds')
  request_timeout?: number;

  @IsOptional()
  @IsAliasMap()
  model_alias_map?: Readonly<Record<string, AliasTarget>>;
}

/** `router_settings`. */
export class RouterSettings extends FailureSettings {
  @IsOptional()
  @IsOneOf(ROUTING_STRATEGIES)
  routing_strategy?: RoutingStrategy;

  @OptionalPositive('seconds')
  retry_after?: number;

  @IsOptional()
  @IsBlock()
  @ValidateNested()
  @Type(() => RetryPolicy)
  retry_policy?: RetryPolicy;

  @IsOptional()
  @IsFlag()
  disable_cooldowns?: boolean;

  @IsOptional()
  @NumberFromText()
  @IsPositive('seconds')
  timeout?: number;

  @IsOptional()
  @IsAliasMap()
  model_group_alias?: Readonly<Record<string, AliasTarget>>;
}

/** `general_settings`. */
export class GeneralSettings {
  @IsOptional()
  @IsKey()
  master_key?: string;

  @IsOptional()
  @IsDatabase()
  database_url?: string;

  @IsOptional()
  @IsText()
  image_generation_model?: string;

  /** Configured keys (src/config/static-keys.ts), read again when the file changes. */
  @IsOptional()
  @IsThat('a list or a block of keys', (value) => Array.isArray(value) || isBlock(value))
  api_keys?: unknown;
}

/** The keys that one of these classes implements: those that carry a check. */
export function implementedKeys(shape: new () => object): ReadonlySet<string> {
  const checks = getMetadataStorage().getTargetValidationMetadatas(shape, '', false, false);
  return new Set(checks.map(({ propertyName }) => propertyName));
}
