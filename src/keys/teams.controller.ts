import { Body, Controller, Get, HttpCode, Post, Query, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiAnswer } from '../openapi/answers.js';
import { QueryPipe } from '../validation/query.pipe.js';
import { actorOf } from './actor.js';
import { AdminBody, clearedIn } from './admin-body.js';
import { ApiAdministration, ApiChange } from './api-administration.js';
import { ApiExamples } from './body-examples.js';
import {
  ChangedTeamDto,
  DeletedTeamsDto,
  DeleteTeamsDto,
  NewTeamDto,
  TeamDto,
  TeamInfoDto,
  TeamInfoQueryDto,
  UpdateTeamDto,
} from './dto/teams.dto.js';
import { MasterOnly } from './master-only.decorator.js';
import { Teams } from './teams.js';

/** LiteLLM's team API, as far as keys need it. */
@ApiTags('Teams')
@ApiBearerAuth()
@MasterOnly()
@Controller('team')
export class TeamsController {
  constructor(private readonly teams: Teams) {}

  @Post('new')
  @HttpCode(200)
  @UseGuards(AdminBody(NewTeamDto))
  @ApiExamples(NewTeamDto, 'createTeam')
  @ApiOperation({ operationId: 'createTeam', summary: 'Make a team.' })
  @ApiAnswer({ type: TeamDto, description: 'The new team.' })
  @ApiChange('alreadyExists')
  create(@Body() dto: NewTeamDto, @Req() request: Request): Promise<TeamDto> {
    return this.teams.create(dto, actorOf(request));
  }

  @Get('info')
  @ApiOperation({ operationId: 'readTeam', summary: 'What is known of a team, and its keys.' })
  @ApiAnswer({ type: TeamInfoDto, description: 'The team.' })
  @ApiAdministration('unknownRecord')
  info(@Query(new QueryPipe(TeamInfoQueryDto)) { team_id: id }: TeamInfoQueryDto): Promise<TeamInfoDto> {
    return this.teams.info(id);
  }

  @Get('list')
  @ApiOperation({ operationId: 'listTeams', summary: 'List the teams, the oldest first.' })
  @ApiAnswer({ type: [TeamDto], description: 'The teams.' })
  @ApiAdministration()
  list(): Promise<TeamDto[]> {
    return this.teams.list();
  }

  @Post('update')
  @HttpCode(200)
  @UseGuards(AdminBody(UpdateTeamDto))
  @ApiExamples(UpdateTeamDto, 'updateTeam')
  @ApiOperation({
    operationId: 'updateTeam',
    summary: 'Change a team.',
    description: 'What is left out stays; `null` takes away. Every replica obeys within a second.',
  })
  @ApiAnswer({ type: ChangedTeamDto, description: 'The changed team.' })
  @ApiChange('alreadyExists', 'unknownRecord')
  async update(@Body() { team_id: id, ...fields }: UpdateTeamDto, @Req() request: Request): Promise<ChangedTeamDto> {
    return { team_id: id, data: await this.teams.update(id, fields, clearedIn(request), actorOf(request)) };
  }

  @Post('delete')
  @HttpCode(200)
  @UseGuards(AdminBody(DeleteTeamsDto))
  @ApiExamples(DeleteTeamsDto, 'deleteTeams')
  @ApiOperation({
    operationId: 'deleteTeams',
    summary: 'Delete teams and their keys.',
    description: 'As in LiteLLM: a key does not outlive its team. What they spent stays on record.',
  })
  @ApiAnswer({ type: DeletedTeamsDto, description: 'What was deleted.' })
  @ApiChange('unknownRecord')
  remove(@Body() { team_ids: ids }: DeleteTeamsDto, @Req() request: Request): Promise<DeletedTeamsDto> {
    return this.teams.remove(ids, actorOf(request));
  }
}
