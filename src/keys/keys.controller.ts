import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { GatewayError } from '../errors/gateway-error.js';
import { ApiAnswer, ApiErrors } from '../openapi/answers.js';
import { QueryPipe } from '../validation/query.pipe.js';
import { actorOf } from './actor.js';
import { AdminBody, clearedIn } from './admin-body.js';
import { ApiAdministration, ApiChange } from './api-administration.js';
import { ApiExamples } from './body-examples.js';
import { DeleteKeysDto, GenerateKeyDto, NameKeyDto, RegenerateKeyDto, UpdateKeyDto } from './dto/change-keys.dto.js';
import { ChangedKeyDto, DeletedKeysDto, KeyInfoDto, KeyPageDto, NewKeyDto } from './dto/key-answers.dto.js';
import { KeyInfoQueryDto, ListKeysQueryDto } from './dto/query-keys.dto.js';
import { KeyAdministration } from './key-administration.js';
import { KeyDirectory } from './key-directory.js';
import { KeyRegeneration } from './key-regeneration.js';
import { KeyRemoval } from './key-removal.js';
import type { KeyView } from './key-rows.js';
import { MasterOnly } from './master-only.decorator.js';
import { keyAskedAbout } from './own-key.js';

const LIST_KINDS = {
  page: 'integer',
  size: 'integer',
  blocked: 'boolean',
  expired: 'boolean',
  return_full_object: 'boolean',
} as const;

/** LiteLLM's key API (litellm.md §2.12). */
@ApiTags('Keys')
@ApiBearerAuth()
@Controller('key')
export class KeysController {
  constructor(
    private readonly administration: KeyAdministration,
    private readonly regeneration: KeyRegeneration,
    private readonly removal: KeyRemoval,
    private readonly directory: KeyDirectory,
  ) {}

  @Post('generate')
  @HttpCode(200)
  @MasterOnly()
  @UseGuards(AdminBody(GenerateKeyDto))
  @ApiExamples(GenerateKeyDto, 'generateKey')
  @ApiOperation({
    operationId: 'generateKey',
    summary: 'Make a key.',
    description: 'The only answer that has the key.',
  })
  @ApiAnswer({ type: NewKeyDto, description: 'The new key.' })
  @ApiChange('alreadyExists', 'unknownRecord')
  generate(@Body() dto: GenerateKeyDto, @Req() request: Request): Promise<NewKeyDto> {
    return this.administration.generate(dto, actorOf(request));
  }

  @Get('info')
  @ApiOperation({
    operationId: 'readKey',
    summary: 'What is known of a key.',
    description: 'With the master key of any key; with another key of itself.',
  })
  @ApiAnswer({ type: KeyInfoDto, description: 'The key.' })
  @ApiErrors('routeNotAllowed', 'unknownRecord', 'missingParameter', 'noDatabase', 'databaseDown')
  async info(
    @Query(new QueryPipe(KeyInfoQueryDto)) { key }: KeyInfoQueryDto,
    @Req() request: Request,
  ): Promise<KeyInfoDto> {
    const info = await this.directory.info(keyAskedAbout(key, request.call));
    return { key: info.token, info };
  }

  @Get('list')
  @MasterOnly()
  @ApiOperation({ operationId: 'listKeys', summary: 'List keys, configured ones first, then the oldest.' })
  @ApiAnswer({ type: KeyPageDto, description: 'A page of keys.' })
  @ApiAdministration()
  list(@Query(new QueryPipe(ListKeysQueryDto, LIST_KINDS)) query: ListKeysQueryDto): Promise<KeyPageDto> {
    return this.directory.page(query);
  }

  @Post('update')
  @HttpCode(200)
  @MasterOnly()
  @UseGuards(AdminBody(UpdateKeyDto))
  @ApiExamples(UpdateKeyDto, 'updateKey')
  @ApiOperation({
    operationId: 'updateKey',
    summary: 'Change a key.',
    description: 'What is left out stays; `null` takes away. Every replica obeys within a second.',
  })
  @ApiAnswer({ type: ChangedKeyDto, description: 'The changed key.' })
  @ApiChange('alreadyExists', 'unknownRecord')
  async update(@Body() { key, ...fields }: UpdateKeyDto, @Req() request: Request): Promise<ChangedKeyDto> {
    return changed(await this.administration.update(key, fields, clearedIn(request), actorOf(request)));
  }

  @Post('delete')
  @HttpCode(200)
  @MasterOnly()
  @UseGuards(AdminBody(DeleteKeysDto))
  @ApiExamples(DeleteKeysDto, 'deleteKeys')
  @ApiOperation({ operationId: 'deleteKeys', summary: 'Delete keys.', description: 'What they spent stays on record.' })
  @ApiAnswer({ type: DeletedKeysDto, description: 'The deleted keys.' })
  @ApiChange('unknownRecord')
  async remove(@Body() dto: DeleteKeysDto, @Req() request: Request): Promise<DeletedKeysDto> {
    return { deleted_keys: await this.removal.remove(dto, actorOf(request)) };
  }

  @Post('block')
  @HttpCode(200)
  @MasterOnly()
  @UseGuards(AdminBody(NameKeyDto))
  @ApiExamples(NameKeyDto, 'blockKey')
  @ApiOperation({ operationId: 'blockKey', summary: 'Block a key.', description: 'Within a second everywhere.' })
  @ApiAnswer({ type: ChangedKeyDto, description: 'The blocked key.' })
  @ApiChange('unknownRecord')
  async block(@Body() { key }: NameKeyDto, @Req() request: Request): Promise<ChangedKeyDto> {
    return changed(await this.administration.block(key, true, actorOf(request)));
  }

  @Post('unblock')
  @HttpCode(200)
  @MasterOnly()
  @UseGuards(AdminBody(NameKeyDto))
  @ApiExamples(NameKeyDto, 'blockKey')
  @ApiOperation({ operationId: 'unblockKey', summary: 'Let a blocked key in again.' })
  @ApiAnswer({ type: ChangedKeyDto, description: 'The key.' })
  @ApiChange('unknownRecord')
  async unblock(@Body() { key }: NameKeyDto, @Req() request: Request): Promise<ChangedKeyDto> {
    return changed(await this.administration.block(key, false, actorOf(request)));
  }

  @Post('regenerate')
  @HttpCode(200)
  @MasterOnly()
  @UseGuards(AdminBody(RegenerateKeyDto))
  @ApiExamples(RegenerateKeyDto, 'regenerateKey')
  @ApiOperation({
    operationId: 'regenerateKey',
    summary: 'Put a new key in the place of one.',
    description: 'Budget, limits and the rest stay. With `grace_period` the old key works on for a while.',
  })
  @ApiAnswer({ type: NewKeyDto, description: 'The new key.' })
  @ApiChange('alreadyExists', 'unknownRecord')
  regenerate(@Body() { key, ...fields }: RegenerateKeyDto, @Req() request: Request): Promise<NewKeyDto> {
    if (key === undefined) throw new GatewayError('missingParameter', 'key is required.', { param: 'key' });
    return this.regeneration.regenerate(key, fields, clearedIn(request), actorOf(request));
  }

  @Post(':key/regenerate')
  @HttpCode(200)
  @MasterOnly()
  @UseGuards(AdminBody(RegenerateKeyDto))
  @ApiExamples(RegenerateKeyDto, 'regenerateKeyInPath')
  @ApiParam({
    name: 'key',
    type: String,
    description: 'The key, or its digest (`token`).',
    example: 'sk-web-shop-3f9d1c7a55e04b6b',
  })
  @ApiOperation({ operationId: 'regenerateKeyInPath', summary: 'The same, with the key in the path.' })
  @ApiAnswer({ type: NewKeyDto, description: 'The new key.' })
  @ApiChange('alreadyExists', 'unknownRecord')
  regenerateInPath(
    @Param('key') key: string,
    @Body() { key: _other, ...fields }: RegenerateKeyDto,
    @Req() request: Request,
  ): Promise<NewKeyDto> {
    return this.regeneration.regenerate(key, fields, clearedIn(request), actorOf(request));
  }
}

function changed(key: KeyView): ChangedKeyDto {
  return { key: key.token, ...key };
}
