import { ArrayMaxSize, ArrayMinSize, IsArray, IsOptional, IsString } from 'class-validator';
import { IsChosenKey, IsLabel, IsLabels } from './checks.js';
import { KeyFieldsDto } from './key-fields.dto.js';

/** A new key. Everything is optional: `{}` makes a key that may do everything but administer. */
export class GenerateKeyDto extends KeyFieldsDto {
  /**
   * The key itself, where you want to choose it: `sk-` and 20 to 250 more printable characters. Left out, it is drawn by
   * lot.
   * @example "sk-web-shop-3f9d1c7a55e04b6b"
   */
  @IsOptional()
  @IsChosenKey()
  key?: string;
}

/** Other values for a key: what is left out stays, and `null` takes away. */
export class UpdateKeyDto extends KeyFieldsDto {
  /**
   * The key, or its digest (`token`).
   * @example "sk-web-shop-3f9d1c7a55e04b6b"
   */
  @IsLabel(300)
  key!: string;
}

/** The key that is meant. */
export class NameKeyDto {
  /**
   * The key, or its digest (`token`).
   * @example "sk-web-shop-3f9d1c7a55e04b6b"
   */
  @IsLabel(300)
  key!: string;
}

/** The keys to delete: by themselves or their digests, or by their aliases. All of them, or none where one is unknown. */
export class DeleteKeysDto {
  /**
   * Keys, or their digests (`token`).
   * @example ["sk-web-shop-3f9d1c7a55e04b6b"]
   */
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1_000)
  @IsLabels(1_000, 300)
  keys?: string[];

  /**
   * Their aliases.
   * @example ["web-shop"]
   */
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @IsLabels(1_000)
  key_aliases?: string[];
}

/** Another key in the place of one. Fields of the key can be changed at the same time. */
export class RegenerateKeyDto extends KeyFieldsDto {
  /**
   * The key, or its digest (`token`). Not needed where the path names it.
   * @example "sk-web-shop-3f9d1c7a55e04b6b"
   */
  @IsOptional()
  @IsLabel(300)
  key?: string;

  /**
   * The new key, where you want to choose it. Left out, it is random.
   * @example "sk-web-shop-90ab44c1d2e54f70"
   */
  @IsOptional()
  @IsChosenKey()
  new_key?: string;

  /**
   * How long the old key still works: `30s`, `30m`, `30h`, `30d`, `1w`, `1mo`. Without it, it ends at once.
   * @example "24h"
   */
  @IsOptional()
  @IsString()
  grace_period?: string;
}
