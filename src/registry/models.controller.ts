import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { GatewayError } from '../errors/gateway-error.js';
import type { Caller } from '../keys/caller.js';
import { mayUse, meantModel } from '../keys/permissions.js';
import { ApiAnswer, ApiErrors } from '../openapi/answers.js';
import { toDeploymentDto, toModelDto } from './model-info.js';
import type { ModelEntry } from './model-group.js';
import { ModelRegistry } from './model-registry.js';
import { DeploymentListDto, ModelDto, ModelInfoQueryDto, ModelListDto } from './models.dto.js';

@ApiTags('Models')
@ApiBearerAuth()
@Controller()
export class ModelsController {
  constructor(private readonly registry: ModelRegistry) {}

  @Get(['v1/models', 'models'])
  @ApiOperation({
    operationId: 'listModels',
    summary: 'Lists the models that the key may use.',
    description:
      'Every name that `model` takes: configured ones, then the models of Recraft behind `recraft/`, then the same by their ' +
      "plain names, as Recraft's own list has them, and aliases such as `gpt-image-1` at last. A model may stand there under " +
      "several names. The answer is OpenAI's and Recraft's in one.",
  })
  @ApiAnswer({ type: ModelListDto, description: 'The models.' })
  @ApiErrors()
  list(@Req() { call: { caller } }: Request): ModelListDto {
    const own = Object.keys(caller?.aliases ?? {}).flatMap((name) => this.ownEntry(name, caller));
    const entries = [...this.registry.list().filter(({ id }) => !own.some((entry) => entry.id === id)), ...own];
    const allowed = entries.filter(({ id }) => mayUse(caller, this.registry.resolve(meantModel(caller, id)).name));
    return { object: 'list', data: allowed.map((entry) => this.describe(entry, caller)) };
  }

  @Get(['v1/models/*id', 'models/*id'])
  @ApiOperation({ operationId: 'retrieveModel', summary: 'Describes one model.' })
  @ApiParam({
    name: 'id',
    type: String,
    description: "The model's name; its slash may be encoded or not.",
    example: 'recraft/recraftv3',
  })
  @ApiAnswer({ type: ModelDto, description: 'The model.' })
  @ApiErrors('unknownModel')
  find(@Param('id') segments: string[], @Req() { call }: Request): ModelDto {
    const { caller } = call;
    const name = segments.join('/');
    const [own] = this.ownEntry(name, caller);
    const entry = own ?? this.registry.entry(name, call);
    if (!mayUse(caller, this.registry.resolve(meantModel(caller, entry.id)).name)) {
      // To this key it is as though there were none, as in its list.
      throw new GatewayError('unknownModel', `The model '${name.slice(0, 200)}' does not exist.`, { param: 'model' });
    }
    return this.describe(entry, caller);
  }

  /** The entry of a name that is the key's own; none where it leads nowhere. */
  private ownEntry(name: string, caller: Caller | undefined): ModelEntry[] {
    const meant = meantModel(caller, name);
    if (meant === undefined || meant === name || this.registry.meaningOf(meant) === undefined) return [];
    return [{ ...this.registry.entry(meant), id: name }];
  }

  private describe(entry: ModelEntry, caller: Caller | undefined): ModelDto {
    const [first] = this.registry.resolve(meantModel(caller, entry.id)).deployments;
    return toModelDto(entry, first, this.registry.card(first.model));
  }

  @Get(['v1/model/info', 'model/info'])
  @ApiOperation({
    operationId: 'listDeployments',
    summary: 'Lists the deployments behind the models, with prices and limits.',
    description: "LiteLLM's shape. No answer holds a key.",
  })
  @ApiAnswer({ type: DeploymentListDto, description: 'The deployments.' })
  @ApiErrors('unknownModel')
  info(@Query() { litellm_model_id: id }: ModelInfoQueryDto, @Req() { call: { caller } }: Request): DeploymentListDto {
    return {
      data: this.registry
        .deployments(id)
        .filter(({ group }) => mayUse(caller, group))
        .map((deployment) => toDeploymentDto(deployment, this.registry.card(deployment.model))),
    };
  }
}
