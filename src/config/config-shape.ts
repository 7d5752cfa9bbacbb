// class-transformer's @Type reads the metadata that this package keeps.
import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import { getMetadataStorage, IsOptional, ValidateNested } from 'class-validator';
import {
  IsAliasMap,
  IsApiBase,
  IsBlock,
  IsDatabase,
  IsFlag,
  IsKey,
  IsModelName,
  IsOneOf,
  IsPositive,
  IsPrice,
  IsRecraftModel,
  IsText,
} from './checks.js';

/** What `os.environ/NAME` brings is text, also where a number is meant. */
const NumberFromText = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : value,
  );

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

  @IsOptional()
  @NumberFromText()
  @IsPrice()
  output_cost_per_image?: number;
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
export class LitellmSettings {
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
export class RouterSettings {
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
}

/** The keys that one of these classes implements: those that carry a check. */
export function implementedKeys(shape: new () => object): ReadonlySet<string> {
  const checks = getMetadataStorage().getTargetValidationMetadatas(shape, '', false, false);
  return new Set(checks.map(({ propertyName }) => propertyName));
}
