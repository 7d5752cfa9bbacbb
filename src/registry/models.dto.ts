import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';

/** What a model costs. */
export class ModelPricingDto {
  /**
   * US dollars for a picture, as text.
   * @example "0.04"
   */
  image!: string;
}

/** A model, as OpenAI describes one, with what Recraft's own list says of it behind `owned_by`. */
export class ModelDto {
  /**
   * The name to put into `model`.
   * @example "recraft/recraftv3"
   */
  id!: string;

  /**
   * Always `model`.
   * @example "model"
   */
  object!: 'model';

  /** Unix seconds of the model's release; 0 where it is not known. */
  @ApiProperty({ type: 'integer', example: 1_730_246_400 })
  created!: number;

  /**
   * Whose model it is.
   * @example "recraft"
   */
  owned_by!: 'recraft';

  /**
   * Its name to a reader, in Recraft's own list too.
   * @example "Recraft V3"
   */
  name!: string;

  /**
   * What it starts from.
   * @example ["text", "image"]
   */
  input_modalities!: string[];

  /**
   * What it makes.
   * @example ["image"]
   */
  output_modalities!: string[];

  /** What a picture costs, as Recraft lists it; missing where nobody knows. */
  pricing?: ModelPricingDto;
}

/** The models a caller can use. */
export class ModelListDto {
  /**
   * Always `list`.
   * @example "list"
   */
  object!: 'list';

  /** Configured names first, then Recraft's models behind `recraft/`, then by their plain names, then aliases. */
  data!: ModelDto[];
}

/** Which deployments to describe. */
export class ModelInfoQueryDto {
  /** Describe this deployment alone: `model_info.id` of another answer, or the header `x-litellm-model-id`. */
  @IsOptional()
  @IsString()
  litellm_model_id?: string;
}

/** Where a deployment's calls go. Its default request fields stand beside these. */
export class LitellmParamsDto {
  [field: string]: unknown;

  /**
   * The provider's model behind the prefix `recraft/`.
   * @example "recraft/recraftv3"
   */
  model!: string;

  /**
   * Address of the provider's API.
   * @example "https://external.api.recraft.ai"
   */
  api_base!: string;

  /**
   * Longest time for a call, in seconds.
   * @example 280
   */
  timeout!: number;
}

/** Extras that a model understands beyond prompt, size and colours. */
export class ModelFeaturesDto {
  /** Takes `negative_prompt`. */
  negative_prompt!: boolean;

  /** Takes `text_layout`. */
  text_layout!: boolean;

  /** Takes `controls.artistic_level`. */
  artistic_level!: boolean;

  /** Takes `controls.no_text`. */
  no_text!: boolean;
}

/** What is known about the model. All but `id` and `db_model` is missing where the catalogue does not know the model. */
export class ModelInfoDto {
  /**
   * The deployment's id.
   * @example "my-recraft"
   */
  id!: string;

  /** Always false: deployments come from the configuration. */
  db_model!: false;

  /** What the deployment is preferred for, where the configuration says so. */
  @ApiPropertyOptional({ enum: ['image_generation', 'image_edit'] })
  mode?: 'image_generation' | 'image_edit';

  /**
   * Price of one picture in USD.
   * @example 0.04
   */
  output_cost_per_image?: number;

  /**
   * The model's name for people.
   * @example "Recraft V3"
   */
  display_name?: string;

  /** What the pictures are made of. */
  @ApiPropertyOptional({ enum: ['raster', 'vector'] })
  output?: 'raster' | 'vector';

  /**
   * Values of `size` it takes: aspects, and for a raster model pixels.
   * @example ["1:1", "1024x1024"]
   */
  sizes?: string[];

  /** Longest prompt, in characters. */
  @ApiPropertyOptional({ type: 'integer', example: 1000 })
  max_prompt_length?: number;

  /** Most pictures of one request. */
  @ApiPropertyOptional({ type: 'integer', example: 6 })
  max_n?: number;

  /** What it can do. */
  @ApiPropertyOptional({ type: [String], example: ['generate', 'imageToImage'] })
  operations?: string[];

  /**
   * Style names it knows.
   * @example ["realistic_image"]
   */
  styles?: string[];

  /** Whether `style_id` is refused, welcome or compulsory. */
  @ApiPropertyOptional({ enum: ['refused', 'allowed', 'required'] })
  custom_style?: 'refused' | 'allowed' | 'required';

  /** Extras it understands. */
  features?: ModelFeaturesDto;
}

/** A deployment, as LiteLLM describes one. */
export class DeploymentDto {
  /**
   * The name callers use.
   * @example "recraft-v3"
   */
  model_name!: string;

  /** Where its calls go, and its default request fields. */
  litellm_params!: LitellmParamsDto;

  /** Its id, its price, and what its model can do. */
  model_info!: ModelInfoDto;
}

/** The deployments behind the models. */
export class DeploymentListDto {
  /** Configured deployments first, then the built-in account's. */
  data!: DeploymentDto[];
}
