import { ApiProperty } from '@nestjs/swagger';
import { ArrayMinSize, IsArray, IsOptional } from 'class-validator';
import { IsLabel, IsLabels } from './checks.js';
import { AllowanceAnswerDto, KeyDto } from './key-answers.dto.js';
import { AllowanceDto } from './key-fields.dto.js';

/** What a team is called, and has for all its keys together. */
export class TeamFieldsDto extends AllowanceDto {
  /**
   * What lists and reports call the team; no two teams have the same.
   * @example "Design"
   */
  @IsOptional()
  @IsLabel(200)
  team_alias?: string;
}

/** A new team. */
export class NewTeamDto extends TeamFieldsDto {
  /**
   * What keys and ledgers call it. Left out, it is made up.
   * @example "design"
   */
  @IsOptional()
  @IsLabel(200)
  team_id?: string;
}

/** Other values for a team: what is left out stays, and `null` takes away. */
export class UpdateTeamDto extends TeamFieldsDto {
  /**
   * The team.
   * @example "design"
   */
  @IsLabel(200)
  team_id!: string;
}

/** The teams to delete, with their keys. All of them, or none where one is unknown. */
export class DeleteTeamsDto {
  /**
   * Their ids.
   * @example ["design"]
   */
  @IsArray()
  @ArrayMinSize(1)
  @IsLabels(100)
  team_ids!: string[];
}

/** The team that is asked about. */
export class TeamInfoQueryDto {
  /** Its id. */
  @IsLabel(200)
  team_id!: string;
}

/** A team. */
export class TeamDto extends AllowanceAnswerDto {
  /** Its id. */
  @ApiProperty({ example: 'design' })
  team_id!: string;

  /** What lists and reports call it. */
  @ApiProperty({ type: String, nullable: true, example: 'Design' })
  team_alias!: string | null;

  /** When it was made. */
  @ApiProperty({ format: 'date-time', example: '2026-11-27T09:30:00.000Z' })
  created_at!: string;

  /** Who made it. */
  @ApiProperty({ example: 'master' })
  created_by!: string;

  /** When it was last changed. */
  @ApiProperty({ format: 'date-time', example: '2026-11-27T09:30:00.000Z' })
  updated_at!: string;

  /** Who changed it. */
  @ApiProperty({ example: 'master' })
  updated_by!: string;
}

/** A team and its keys. */
export class TeamInfoDto {
  /** Its id. */
  @ApiProperty({ example: 'design' })
  team_id!: string;

  /** What is known of it. */
  team_info!: TeamDto;

  /** Its keys, the oldest first: 1,000 at most. */
  keys!: KeyDto[];
}

/** A changed team. */
export class ChangedTeamDto {
  /** Its id. */
  @ApiProperty({ example: 'design' })
  team_id!: string;

  /** What it is now. */
  data!: TeamDto;
}

/** What was deleted. */
export class DeletedTeamsDto {
  /** The teams' ids. */
  @ApiProperty({ type: [String], example: ['design'] })
  deleted_teams!: string[];

  /** The digests of their keys. */
  @ApiProperty({ type: [String], example: [] })
  deleted_keys!: string[];
}
