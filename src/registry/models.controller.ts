import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
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
  @ApiOperation({ operationId: 'listModels', summary: 'Lists the models.' })
  @ApiAnswer({ type: ModelListDto, description: 'The models.' })
  @ApiErrors()
  list(): ModelListDto {
    return { object: 'list', data: this.registry.list().map((entry) => this.describe(entry)) };
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
  find(@Param('id') segments: string[]): ModelDto {
    return this.describe(this.registry.entry(segments.join('/')));
  }

  private describe(entry: ModelEntry): ModelDto {
    const [first] = this.registry.resolve(entry.id).deployments;
    return toModelDto(entry, this.registry.card(first.model));
  }

  @Get(['v1/model/info', 'model/info'])
  @ApiOperation({
    operationId: 'listDeployments',
    summary: 'Lists the deployments behind the models, with prices and limits.',
    description: "LiteLLM's shape. No answer holds a key.",
  })
  @ApiAnswer({ type: DeploymentListDto, description: 'The deployments.' })
  @ApiErrors('unknownModel')
  info(@Query() { litellm_model_id: id }: ModelInfoQueryDto): DeploymentListDto {
    return {
      data: this.registry
        .deployments(id)
        .map((deployment) => toDeploymentDto(deployment, this.registry.card(deployment.model))),
    };
  }
}
