import { ApiProperty } from '@nestjs/swagger';
import { OPERATIONS } from '../operations.js';

/** What every key and team says of its budget and limits. `null`: there is none. */
export class AllowanceAnswerDto {
  /** US dollars spent in the present window of the budget. */
  @ApiProperty({ example: 3.48 })
  spend!: number;

  /** US dollars set aside for requests under way. */
  @ApiProperty({ example: 0.04 })
  reserved!: number;

  /** Most that may be spent, in US dollars. */
  @ApiProperty({ type: Number, nullable: true, example: 25 })
  max_budget!: number | null;

  /** US dollars from which on the operator is warned. */
  @ApiProperty({ type: Number, nullable: true, example: 20 })
  soft_budget!: number | null;

  /** After which time the budget starts again. */
  @ApiProperty({ type: String, nullable: true, example: '1mo' })
  budget_duration!: string | null;

  /** When it does so next. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-12-01T00:00:00.000Z' })
  budget_reset_at!: string | null;

  /** Most requests in any 60 seconds. */
  @ApiProperty({ type: 'integer', nullable: true, example: 60 })
  rpm_limit!: number | null;

  /** Most pictures in any 60 seconds. */
  @ApiProperty({ type: 'integer', nullable: true, example: 100 })
  ipm_limit!: number | null;

  /** Most requests at a time. */
  @ApiProperty({ type: 'integer', nullable: true, example: 5 })
  max_parallel_requests!: number | null;

  /** Models that may be used; empty: all. */
  @ApiProperty({ type: [String], example: ['recraft/recraftv3'] })
  models!: string[];

  /** Whether it is refused. */
  @ApiProperty({ example: false })
  blocked!: boolean;

  /** What was kept with it. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { cost_centre: '4711' } })
  metadata!: Record<string, unknown>;
}

/** A key, without the key itself: that is nowhere. */
export class KeyDto extends AllowanceAnswerDto {
  /** The key's digest, SHA-256 in hex: its id in the ledger and wherever a key is meant. */
  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' })
  token!: string;

  /** Enough of the key to recognise it. */
  @ApiProperty({ example: 'sk-...5e04' })
  key_name!: string;

  /** What lists, logs and reports call the key. */
  @ApiProperty({ type: String, nullable: true, example: 'web-shop' })
  key_alias!: string | null;

  /** The team it belongs to. */
  @ApiProperty({ type: String, nullable: true, example: 'design' })
  team_id!: string | null;

  /** Whose key it is. */
  @ApiProperty({ type: String, nullable: true, example: 'ada' })
  user_id!: string | null;

  /** When it ends; null: never. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-12-27T09:30:00.000Z' })
  expires!: string | null;

  /** Its own names for models. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { house: 'recraft/recraftv3' } })
  aliases!: Record<string, string>;

  /** Paths that may be called; empty: all that do not want the master key. */
  @ApiProperty({ type: [String], example: ['/v1/images/*'] })
  allowed_routes!: string[];

  /** What may be done; empty: everything. */
  @ApiProperty({ type: [String], enum: OPERATIONS, example: ['generate'] })
  operations!: string[];

  /** What its requests are filed under. */
  @ApiProperty({ type: [String], example: ['shop'] })
  tags!: string[];

  /** Whose requests go first where they have to wait. */
  @ApiProperty({ enum: ['interactive', 'batch'], example: 'interactive' })
  priority!: 'interactive' | 'batch';

  /** Share of the slots among keys that wait. */
  @ApiProperty({ type: 'integer', example: 1 })
  weight!: number;

  /** When it was made; null for a configured key. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-27T09:30:00.000Z' })
  created_at!: string | null;

  /** Who made it. */
  @ApiProperty({ type: String, nullable: true, example: 'master' })
  created_by!: string | null;

  /** When it was last changed. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-27T09:30:00.000Z' })
  updated_at!: string | null;

  /** Who changed it. */
  @ApiProperty({ type: String, nullable: true, example: 'master' })
  updated_by!: string | null;
}

/** A new key, and the one answer that has the key itself. */
export class NewKeyDto extends KeyDto {
  /** The key. Keep it: nobody can tell it again. */
  @ApiProperty({ example: 'sk-web-shop-3f9d1c7a55e04b6b' })
  key!: string;

  /** The same as `token`. */
  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' })
  token_id!: string;

  /** Always null: the budget of a key is its own, and stands in its own fields. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: null })
  litellm_budget_table!: null;
}

/** A key by its digest. */
export class KeyInfoDto {
  /** The key's digest. */
  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' })
  key!: string;

  /** What is known of it. */
  info!: KeyDto;
}

/** A changed key. */
export class ChangedKeyDto extends KeyDto {
  /** The key's digest. */
  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' })
  key!: string;
}

/** A page of keys. */
export class KeyPageDto {
  /** Digests; whole keys where `return_full_object` is true. */
  @ApiProperty({
    type: 'array',
    items: { oneOf: [{ type: 'string' }, { $ref: '#/components/schemas/KeyDto' }] },
    example: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  })
  keys!: (string | KeyDto)[];

  /** How many keys there are on all pages. */
  @ApiProperty({ type: 'integer', example: 1 })
  total_count!: number;

  /** This page, from 1. */
  @ApiProperty({ type: 'integer', example: 1 })
  current_page!: number;

  /** How many pages there are. */
  @ApiProperty({ type: 'integer', example: 1 })
  total_pages!: number;
}

/** What was deleted. */
export class DeletedKeysDto {
  /** The digests of the keys. */
  @ApiProperty({ type: [String], example: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'] })
  deleted_keys!: string[];
}
