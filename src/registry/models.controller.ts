import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { toDeploymentDto, toModelDto } from './model-info.js';
import { ModelRegistry } from './model-registry.js';
import { DeploymentListDto, ModelDto, ModelInfoQueryDto, ModelListDto } from './models.dto.js';

@ApiTags('Models')
@Controller()
export class ModelsController {
  constructor(private readonly registry: ModelRegistry) {}

  /** Lists the models. */
  @Get(['v1/models', 'models'])
  list(): ModelListDto {
    return { object: 'list', data: this.registry.list().map(toModelDto) };
  }

  /** Describes one model; the slash in its name may be encoded or not. */
  @Get(['v1/models/*id', 'models/*id'])
  @ApiParam({ name: 'id', type: String, description: "The model's name.", example: 'recraft/recraftv3' })
  find(@Param('id') segments: string[]): ModelDto {
    return toModelDto(this.registry.entry(segments.join('/')));
  }

  /** Lists the deployments behind the models, with prices and limits and without keys. */
  @Get(['v1/model/info', 'model/info'])
  info(@Query() { litellm_model_id: id }: ModelInfoQueryDto): DeploymentListDto {
    return {
      data: this.registry
        .deployments(id)
        .map((deployment) => toDeploymentDto(deployment, this.registry.card(deployment.model))),
    };
  }
}
