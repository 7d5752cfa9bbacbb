import type { Deployment } from './deployment.js';
import type { ModelCard } from './model-card.js';
import type { ModelEntry } from './model-group.js';
import type { DeploymentDto, ModelDto, ModelInfoDto } from './models.dto.js';

const MICRO = 1_000_000;

/** Operations that a model takes part in without working on a picture. */
const FROM_WORDS: ReadonlySet<string> = new Set(['generate', 'explore', 'createStyle']);

/**
 * OpenAI's shape of a model (openai-images.md §1.6) and Recraft's (recraft-api.md §5.11) in one. Of a model that the
 * catalogue does not know, no more is said than its name and the operator's price.
 */
export function toModelDto(
  { id, created }: ModelEntry,
  { microDollarsPerImage }: Deployment,
  card?: ModelCard,
): ModelDto {
  const price = card?.microDollarsPerImage ?? microDollarsPerImage;
  return {
    id,
    object: 'model',
    created,
    owned_by: 'recraft',
    name: card?.displayName ?? id,
    input_modalities: card === undefined || takesPictures(card) ? ['text', 'image'] : ['text'],
    output_modalities: ['image'],
    ...(price !== undefined && { pricing: { image: String(price / MICRO) } }),
  };
}

function takesPictures({ operations }: ModelCard): boolean {
  return operations.some((operation) => !FROM_WORDS.has(operation));
}

/** LiteLLM's shape of a deployment (litellm.md §2.10); the key stays here. */
export function toDeploymentDto(deployment: Deployment, card: ModelCard | undefined): DeploymentDto {
  const { id, group, model, apiBase, timeoutMs, mode, defaults, microDollarsPerImage } = deployment;
  const price = microDollarsPerImage ?? card?.microDollarsPerImage;
  return {
    model_name: group,
    litellm_params: { ...defaults, model: `recraft/${model}`, api_base: apiBase, timeout: timeoutMs / 1000 },
    model_info: {
      id,
      db_model: false,
      ...(mode !== undefined && { mode }),
      ...(price !== undefined && { output_cost_per_image: price / MICRO }),
      ...(card !== undefined && abilitiesOf(card)),
    },
  };
}

function abilitiesOf(card: ModelCard): Omit<ModelInfoDto, 'id' | 'db_model'> {
  const pixels = [...card.sizes.values()].filter((size) => size !== undefined);
  return {
    display_name: card.displayName,
    output: card.output,
    sizes: [...card.sizes.keys(), ...pixels],
    max_prompt_length: card.promptMax,
    max_n: card.countMax,
    operations: [...card.operations],
    styles: [...card.styles],
    custom_style: card.customStyle,
    features: {
      negative_prompt: card.features.negativePrompt,
      text_layout: card.features.textLayout,
      artistic_level: card.features.artisticLevel,
      no_text: card.features.noText,
    },
  };
}
