import { GatewayError } from '../../errors/gateway-error.js';
import type { ImageOrder, Interpretation } from '../image-order.js';
import type { ImageRequest, SourceImage } from '../image-request.js';
import type { EditImageDto } from './dto/edit-image.dto.js';
import type { GenerateImageDto } from './dto/generate-image.dto.js';

/** What the operator decided about requests that leave something open or say too much. */
export interface DialectPolicy {
  /** Ignore what OpenAI knows and Recraft does not (true), or refuse it (false). */
  readonly dropParams: boolean;
  readonly defaultResponseFormat: 'url' | 'b64_json';
}

/** `imageToImage` needs a strength and OpenAI's edits have none: LiteLLM's documented default. */
const DEFAULT_STRENGTH = 0.2;

type Fields = Record<string, unknown>;
type KnownFields = Partial<GenerateImageDto & EditImageDto>;

/** Fields with a place of their own in an ImageRequest. */
const REQUEST_FIELDS = new Set([
  'prompt', 'n', 'size', 'response_format', 'style', 'substyle', 'style_id', 'negative_prompt', 'controls', 'text_layout',
  'random_seed', 'image_format', 'strength',
]); // prettier-ignore

/** Fields that are read where the request is, and are no part of what is drawn. */
const HANDLED_FIELDS = new Set(['model', 'stream', 'output_format', 'background']);

/** OpenAI's fields without a counterpart at Recraft (openai-images.md §1.3, §3.1). */
const OPENAI_ONLY_FIELDS = new Set([
  'quality', 'moderation', 'user', 'safety_identifier', 'output_compression', 'partial_images', 'input_fidelity',
  'complexity', 'frame_count', 'frame_duration_ms', 'svg',
]); // prettier-ignore

/** LiteLLM's controls: they steer a gateway and never leave it (litellm.md §1.1). */
const CONTROL_FIELDS = new Set([
  'api_key', 'api_base', 'base_url', 'api_version', 'custom_llm_provider', 'drop_params', 'additional_drop_params',
  'allowed_openai_params', 'timeout', 'request_timeout', 'num_retries', 'max_retries', 'fallbacks', 'metadata',
  'litellm_metadata', 'litellm_call_id', 'tags', 'cache', 'ttl', 'mock_response', 'headers', 'extra_headers',
]); // prettier-ignore

/** DALL-E 3's two styles: clients send them unasked (openai-images.md §0.9). */
const DALLE_STYLES = new Set<unknown>(['vivid', 'natural']);

/** @param modelInPath the model of an Azure-style path, which wins over the body's */
export function generationOrder(dto: GenerateImageDto, policy: DialectPolicy, modelInPath?: string): ImageOrder {
  return {
    model: modelInPath ?? dto.model,
    operation: 'generate',
    interpret: (defaults) => interpret(defaults, dto, policy, (common, fields) => ({
      operation: 'generate',
      ...common,
      ...(fields.size !== undefined && fields.size !== 'auto' && { size: fields.size }),
    })), // prettier-ignore
  };
}

/** @param modelInPath the model of an Azure-style path, which wins over the body's */
export function editOrder(
  dto: EditImageDto,
  image: SourceImage,
  policy: DialectPolicy,
  modelInPath?: string,
): ImageOrder {
  return {
    model: modelInPath ?? dto.model,
    operation: 'imageToImage',
    interpret: (defaults) =>
      interpret(defaults, dto, policy, (common, fields, ignore) => {
        // The result follows its source; clients send a size all the same (recraft-api.md §5.2).
        if (fields.size !== undefined && fields.size !== 'auto') ignore('size');
        return { operation: 'imageToImage', ...common, image, strength: fields.strength ?? DEFAULT_STRENGTH };
      }),
  };
}

/** A DTO also has its unset properties, which must not hide a default; an empty text means as little. */
function given(dto: object): Fields {
  const fields: Fields = {};
  for (const [name, value] of Object.entries(dto)) {
    const isEmpty = value === '' && REQUEST_FIELDS.has(name);
    if (value !== undefined && !isEmpty) fields[name] = value;
  }
  return fields;
}

/** The caller's fields over the defaults. What the caller says about its style replaces the default style as a whole. */
function merge(defaults: Readonly<Fields>, asked: Readonly<Fields>): Fields {
  if (asked['style'] === undefined && asked['style_id'] === undefined) return { ...defaults, ...asked };
  const { style, substyle, style_id, ...others } = defaults;
  return { ...others, ...asked };
}

type CommonPart = Omit<Extract<ImageRequest, { operation: 'generate' }>, 'operation' | 'size'>;

function interpret(
  defaults: Readonly<Fields>,
  dto: object,
  policy: DialectPolicy,
  build: (common: CommonPart, fields: KnownFields, ignore: (name: string) => void) => ImageRequest,
): Interpretation {
  const ignored: string[] = [];
  const ignore = (name: string): void => {
    if (!policy.dropParams) {
      throw new GatewayError('unsupportedParameter', `${name} is not supported by Recraft.`, { param: name });
    }
    ignored.push(name);
  };
  const fields = merge(withoutDalleStyle(defaults, ignore), withoutDalleStyle(given(dto), ignore));
  const extra: Fields = {};
  for (const name of Object.keys(fields)) {
    if (OPENAI_ONLY_FIELDS.has(name) || CONTROL_FIELDS.has(name)) ignore(name);
    else if (!REQUEST_FIELDS.has(name) && !HANDLED_FIELDS.has(name)) extra[name] = fields[name];
  }
  const known = fields as KnownFields;
  const common: CommonPart = {
    prompt: known.prompt ?? '',
    count: known.n ?? 1,
    // A stream carries base64 at OpenAI, and its clients expect nothing else.
    responseFormat: known.response_format ?? (known.stream === true ? 'b64_json' : policy.defaultResponseFormat),
    ...present('style', known.style),
    ...present('substyle', known.substyle),
    ...present('styleId', known.style_id),
    ...present('negativePrompt', known.negative_prompt),
    ...present('controls', known.controls),
    ...present('textLayout', known.text_layout),
    ...present('randomSeed', known.random_seed),
    ...present('imageFormat', formatOf(known)),
    extra,
  };
  checkBackground(known, ignore);
  return { request: build(common, known, ignore), ignored };
}

function present<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, V>);
}

function withoutDalleStyle(fields: Readonly<Fields>, ignore: (name: string) => void): Readonly<Fields> {
  const { style, ...others } = fields;
  if (!DALLE_STYLES.has(style)) return fields;
  ignore('style');
  return others;
}

/** Recraft's own field wins over OpenAI's word for it. */
function formatOf({ image_format, output_format }: KnownFields): CommonPart['imageFormat'] {
  if (image_format !== undefined || output_format === undefined) return image_format;
  if (output_format === 'jpeg' || output_format === 'gif') {
    throw new GatewayError(
      'unsupportedValue',
      `Recraft makes no ${output_format}; use png, webp or, with a vector model, svg.`,
      {
        param: 'output_format',
      },
    );
  }
  return output_format;
}

function checkBackground({ background }: KnownFields, ignore: (name: string) => void): void {
  if (background === 'transparent') {
    throw new GatewayError('unsupportedValue', 'No Recraft model makes a transparent background.', {
      param: 'background',
    });
  }
  if (background !== undefined) ignore('background');
}
