import { ApiProperty } from '@nestjs/swagger';

/** What requests came to. */
export class SpendFiguresDto {
  /**
   * What Recraft charged, in US dollars.
   * @example 1.48
   */
  spend!: number;

  /**
   * What Recraft may have charged beside that, in US dollars: nobody knows.
   * @example 0.04
   */
  unconfirmed_spend!: number;

  /** Requests for which money was set aside. */
  @ApiProperty({ type: 'integer', example: 40 })
  requests!: number;

  /** Those of them that cost nothing: they failed, or were not sent to Recraft any more. */
  @ApiProperty({ type: 'integer', example: 2 })
  failed_requests!: number;

  /** Pictures, those of doubtful requests included. */
  @ApiProperty({ type: 'integer', example: 38 })
  images!: number;
}

/** What a key came to. */
export class KeySpendDto extends SpendFiguresDto {
  /**
   * The key's digest.
   * @example "e7cf3ef4f17c3999a94f2c6f612e8a888e5b1026878e4e19398b23bd38ec221a"
   */
  api_key!: string;

  /** What the key was called last; null where it has no alias. */
  @ApiProperty({ type: String, nullable: true, example: 'web-shop' })
  key_alias!: string | null;
}

/** What a team came to. */
export class TeamSpendDto extends SpendFiguresDto {
  /** The team; null: keys without one. */
  @ApiProperty({ type: String, nullable: true, example: 'design' })
  team_id!: string | null;
}

/** What a model came to. */
export class ModelSpendDto extends SpendFiguresDto {
  /** Recraft's name of the model; null: requests that need none. */
  @ApiProperty({ type: String, nullable: true, example: 'recraftv3' })
  model!: string | null;
}

/** One line of a report. */
export class ReportLineDto extends SpendFiguresDto {
  /** The day in UTC, the key's digest, the team or the model; null: none. */
  @ApiProperty({ type: String, nullable: true, example: '2026-01-31' })
  group!: string | null;

  /** Of a key: what it was called last. */
  @ApiProperty({ type: String, nullable: true, example: null })
  key_alias!: string | null;
}

/** One request in the ledger. */
export class LoggedRequestDto {
  /**
   * The `x-request-id` of its answer.
   * @example "req_0f8fad5b-d9cb-469f-a165-70867728950e"
   */
  request_id!: string;
  /**
   * The key's digest.
   * @example "e7cf3ef4f17c3999a94f2c6f612e8a888e5b1026878e4e19398b23bd38ec221a"
   */
  api_key!: string;
  /** What the key was called. */
  @ApiProperty({ type: String, nullable: true })
  key_alias!: string | null;
  /** The key's team. */
  @ApiProperty({ type: String, nullable: true })
  team_id!: string | null;
  /** Recraft's name of the model. */
  @ApiProperty({ type: String, nullable: true, example: 'recraftv3' })
  model!: string | null;
  /** What was asked for. */
  @ApiProperty({ type: String, nullable: true, example: 'generate' })
  operation!: string | null;
  /** Pictures answered; where that is not known, asked for. */
  @ApiProperty({ type: 'integer', example: 1 })
  images!: number;
  /** API units that Recraft said it charged; null where it did not say. */
  @ApiProperty({ type: Number, nullable: true, example: 40 })
  credits!: number | null;
  /**
   * What it cost, in US dollars.
   * @example 0.04
   */
  spend!: number;
  /**
   * What it may have cost, in US dollars: nobody knows.
   * @example 0
   */
  unconfirmed_spend!: number;
  /** Whether the model had a price when it was asked. */
  is_priced!: boolean;
  /** How it ended. */
  status!: 'success' | 'failure' | 'possibly_charged';
  /** What went wrong. */
  @ApiProperty({ type: String, nullable: true, example: null })
  fault!: string | null;
  /** Recraft's id of the request. */
  @ApiProperty({ type: String, nullable: true })
  upstream_request_id!: string | null;
  /** The request's `user`. */
  @ApiProperty({ type: String, nullable: true, example: 'customer-7' })
  user!: string | null;
  /**
   * Tags of the key and of the request.
   * @example ["shop"]
   */
  tags!: string[];
  /**
   * When it was about to be sent.
   * @example "2026-01-31T12:00:00.000Z"
   */
  start_time!: string;
  /**
   * When its end was recorded.
   * @example "2026-01-31T12:00:06.120Z"
   */
  end_time!: string;
}

/** A page of requests, the newest first. */
export class LogPageDto {
  /** The requests. */
  data!: LoggedRequestDto[];
  /** How many there are on all pages. */
  @ApiProperty({ type: 'integer', example: 1 })
  total!: number;
  /** This page, from 1. */
  @ApiProperty({ type: 'integer', example: 1 })
  page!: number;
  /** Requests on a page. */
  @ApiProperty({ type: 'integer', example: 100 })
  page_size!: number;
  /** Pages there are. */
  @ApiProperty({ type: 'integer', example: 1 })
  total_pages!: number;
}

/** A day of a key. */
export class UsageDayDto extends SpendFiguresDto {
  /**
   * The day in UTC.
   * @example "2026-01-31"
   */
  day!: string;
}

/** What the key that asks has used. */
export class UsageDto {
  /**
   * Its alias, or the word that stands for it.
   * @example "web-shop"
   */
  key_alias!: string;
  /** What its budget's window has cost so far, in US dollars; null where nothing is counted. */
  @ApiProperty({ type: Number, nullable: true, example: 1.48 })
  spend!: number | null;
  /** What it may spend in a window, in US dollars; null: as much as it likes. */
  @ApiProperty({ type: Number, nullable: true, example: 10 })
  max_budget!: number | null;
  /** When its budget starts again; null: never. */
  @ApiProperty({ type: String, nullable: true, example: null })
  budget_reset_at!: string | null;
  /** All of the period together. */
  total!: SpendFiguresDto;
  /** The days of the period. */
  days!: UsageDayDto[];
  /** The models of the period. */
  models!: ModelSpendDto[];
}
