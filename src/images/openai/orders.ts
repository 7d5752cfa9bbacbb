import { GatewayError } from '../../errors/gateway-error.js';
import type { ImageOrder, Interpretation } from '../image-order.js';
import type { ImageRequest, RetouchRequest, SourceImage } from '../image-request.js';
import type { EditImageDto } from './dto/edit-image.dto.js';
import type { VariateImageDto } from './dto/variate-image.dto.js';
import type { EditSources } from './edit-sources.js';
import { DRAWING_FIELDS, drawingOf, type DrawingPart, type Fields, given, merge } from '../request-fields.js';
import type { GenerateImageDto } from './dto/generate-image.dto.js';

/** What the operator decided about requests that leave something open or say too much. */
export interface DialectPolicy {
  /** Ignore what OpenAI knows and Recraft does not (true), or refuse it (false). */
  readonly dropParams: boolean;
  readonly defaultResponseFormat: 'url' | 'b64_json';
  /** Let an edit with a transparent background be charged for its removal too. */
  readonly allowSecondCharge: boolean;
}

/** `imageToImage` needs a strength and OpenAI's edits have none: LiteLLM's documented default. */
const DEFAULT_STRENGTH = 0.2;

type KnownFields = Partial<GenerateImageDto & EditImageDto>;

/** Fields that are read where the request is, and are no part of what is drawn. */
const HANDLED_FIELDS = ['model', 'stream', 'output_format', 'background', 'timeout', 'num_retries'];

/** OpenAI's fields without a counterpart at Recraft (openai-images.md §1.3, §3.1). */
const OPENAI_ONLY_FIELDS = [
  'quality', 'moderation', 'user', 'safety_identifier', 'output_compression', 'partial_images', 'input_fidelity',
  'complexity', 'frame_count', 'frame_duration_ms', 'svg',
]; // prettier-ignore

/** LiteLLM's controls: they steer a gateway and never leave it (litellm.md §1.1). */
const CONTROL_FIELDS = [
  'api_key', 'api_base', 'base_url', 'api_version', 'custom_llm_provider', 'drop_params', 'additional_drop_params',
  'allowed_openai_params', 'request_timeout', 'max_retries', 'fallbacks', 'metadata',
  'litellm_metadata', 'litellm_call_id', 'tags', 'cache', 'ttl', 'mock_response', 'headers', 'extra_headers',
]; // prettier-ignore

/** Where a field's value goes; what is not listed goes to Recraft as it is. */
const PLACES: ReadonlyMap<string, 'request' | 'nowhere'> = new Map([
  ...[...DRAWING_FIELDS, ...HANDLED_FIELDS].map((name) => [name, 'request'] as const),
  ...[...OPENAI_ONLY_FIELDS, ...CONTROL_FIELDS].map((name) => [name, 'nowhere'] as const),
]);

/** DALL-E 3's two styles: clients send them unasked (openai-images.md §0.9). */
const DALLE_STYLES = new Set<unknown>(['vivid', 'natural']);

/** @param modelInPath the model of an Azure-style path, which wins over the body's */
export function generationOrder(
  dto: GenerateImageDto,
  policy: DialectPolicy,
  modelInPath?: string,
  styleReferences: readonly SourceImage[] = [],
): ImageOrder {
  return {
    model: modelInPath ?? dto.model,
    operation: 'generate',
    style: curatedStyle(dto),
    interpret: (defaults) =>
      interpret(defaults, dto, policy, (common, { size }, ignore) => {
        // A deployment's default may be meant for its edits.
        if ((dto as KnownFields).strength !== undefined) ignore('strength');
        return {
          ...common,
          operation: 'generate',
          size: size === 'auto' ? undefined : size,
          styleReferences: styleReferences.length > 0 ? styleReferences : undefined,
        };
      }),
  };
}

/**
 * With a mask the picture is drawn anew where the mask is white; without one, all of it is.
 *
 * @param modelInPath the model of an Azure-style path, which wins over the body's
 */
export function editOrder(
  dto: EditImageDto,
  { image, mask }: EditSources,
  policy: DialectPolicy,
  modelInPath?: string,
): ImageOrder {
  return {
    model: modelInPath ?? dto.model,
    operation: mask ? 'inpaint' : 'imageToImage',
    style: curatedStyle(dto),
    interpret: (defaults) =>
      interpret(defaults, dto, policy, (common, fields, ignore) => {
        // The result follows its source; clients send a size all the same (recraft-api.md §5.2).
        if (fields.size !== undefined && fields.size !== 'auto') ignore('size');
        if (!mask)
          return { ...common, operation: 'imageToImage', image, strength: fields.strength ?? DEFAULT_STRENGTH };
        if (fields.strength !== undefined) ignore('strength');
        return { ...common, operation: 'inpaint', image, mask };
      }),
  };
}

/** Fields of a drawing that have no meaning without words. */
const WORDS_ALONE = [
  'prompt', 'style', 'substyle', 'style_id', 'negative_prompt', 'controls', 'text_layout', 'strength',
] as const; // prettier-ignore

/** @param modelInPath the model of an Azure-style path, which wins over the body's */
export function variationOrder(
  dto: VariateImageDto,
  image: SourceImage,
  policy: DialectPolicy,
  modelInPath?: string,
): ImageOrder {
  return {
    model: modelInPath ?? dto.model,
    operation: 'variate',
    interpret: (defaults) =>
      interpret(
        defaults,
        dto,
        policy,
        ({ count, randomSeed, responseFormat, imageFormat, rasterOnly, extra }, fields, ignore) => {
          const said = given(dto);
          for (const name of WORDS_ALONE) if (said[name] !== undefined) ignore(name);
          return {
            operation: 'variate',
            image,
            count,
            responseFormat,
            randomSeed,
            imageFormat,
            rasterOnly,
            size: fields.size === 'auto' ? undefined : fields.size,
            extra,
          };
        },
      ),
  };
}

/** Leaves a field out, or refuses it; `what` is it in the message, where not the whole field is meant. */
type Ignore = (name: string, what?: string) => void;

type CommonPart = DrawingPart & Pick<ImageRequest, 'responseFormat' | 'imageFormat' | 'rasterOnly' | 'extra'>;

function interpret(
  defaults: Readonly<Fields>,
  dto: object,
  policy: DialectPolicy,
  build: (common: CommonPart, fields: KnownFields, ignore: Ignore) => ImageRequest,
): Interpretation {
  const ignored: string[] = [];
  const ignore: Ignore = (name, what = name) => {
    if (!policy.dropParams) {
      throw new GatewayError('unsupportedParameter', `${what} is not supported by Recraft.`, { param: name });
    }
    ignored.push(name);
  };
  const fields = merge(withoutDalleStyle(defaults, ignore), withoutDalleStyle(given(dto), ignore));
  const extra: Fields = {};
  for (const name of Object.keys(fields)) {
    const place = PLACES.get(name);
    if (place === undefined) extra[name] = fields[name];
    else if (place === 'nowhere') ignore(name);
  }
  const known = fields as KnownFields;
  const common: CommonPart = {
    ...drawingOf(known),
    responseFormat: responseFormatOf(known, policy),
    imageFormat: formatOf(known),
    rasterOnly: rasterOnlyOf(known),
    extra,
  };
  const request = build(common, known, ignore);
  const isEdit = request.operation === 'imageToImage' || request.operation === 'inpaint';
  checkBackground(known, isEdit, policy, ignore);
  if (known.background !== 'transparent' || !('image' in request)) return { request, ignored };
  const { image, count } = request;
  return {
    // The pictures themselves are needed to take their background away.
    request: { ...request, responseFormat: 'b64_json' },
    ignored,
    afterwards: { operation: 'removeBackground', image, count, responseFormat: 'b64_json', extra: {} },
  };
}

function withoutDalleStyle(fields: Readonly<Fields>, ignore: Ignore): Readonly<Fields> {
  if (!DALLE_STYLES.has(fields['style'])) return fields;
  const { style, ...others } = fields;
  ignore('style', `style ${String(style)}`);
  return others;
}

/** The style that a model has to have: an empty text says nothing, and DALL-E's go nowhere. */
function curatedStyle({ style }: KnownFields): string | undefined {
  return style === '' || DALLE_STYLES.has(style) ? undefined : style;
}

/** Recraft's own field wins over OpenAI's word for it. A JPEG is made of the PNG (jpeg-answer.ts). */
function formatOf({ image_format, output_format }: KnownFields): CommonPart['imageFormat'] {
  if (image_format !== undefined || output_format === undefined) return image_format;
  if (output_format === 'gif') {
    const message = 'Recraft makes no gif; use png, webp, jpeg or, with a vector model, svg.';
    throw new GatewayError('unsupportedValue', message, { param: 'output_format' });
  }
  return output_format === 'jpeg' ? 'png' : output_format;
}

/** OpenAI's clients decode what they asked for, and an SVG is none of it; nor is a JPEG made of a drawing here. */
function rasterOnlyOf({ image_format, output_format }: KnownFields): CommonPart['rasterOnly'] {
  const isMeant = image_format === undefined ? ['png', 'webp', 'jpeg'] : ['jpeg'];
  return output_format !== undefined && isMeant.includes(output_format) ? 'output_format' : undefined;
}

/** The gateway has no place to serve a JPEG of its own making from: it comes as bytes. */
function responseFormatOf(known: KnownFields, policy: DialectPolicy): CommonPart['responseFormat'] {
  const { stream, output_format: output, response_format: format } = known;
  if (stream === true && format === 'multipart') {
    throw new GatewayError('unsupportedValue', 'A stream has no files in it.', { param: 'response_format' });
  }
  if (output === 'jpeg') {
    if (format !== 'url') return 'b64_json';
    const message = 'A jpeg is made by the gateway, which has no links to it: ask for b64_json, multipart or a stream.';
    throw new GatewayError('unsupportedValue', message, { param: 'response_format' });
  }
  // A stream carries base64 at OpenAI, and its clients expect nothing else.
  return format ?? (stream === true ? 'b64_json' : policy.defaultResponseFormat);
}

/** What the pictures of a transparent edit come back as, once their background is gone; the first answer is base64. */
export function formatWish(
  dto: KnownFields,
  policy: DialectPolicy,
): Pick<RetouchRequest, 'responseFormat' | 'imageFormat'> {
  const format = formatOf(dto);
  const responseFormat = responseFormatOf(dto, policy);
  return {
    // Files of a form are made of base64 at the end.
    responseFormat: responseFormat === 'multipart' ? 'b64_json' : responseFormat,
    ...(format !== undefined && format !== 'svg' && { imageFormat: format }),
  };
}

function checkBackground(
  { background, output_format }: KnownFields,
  isEdit: boolean,
  policy: DialectPolicy,
  ignore: Ignore,
): void {
  if (background !== 'transparent') {
    if (background !== undefined) ignore('background');
    return;
  }
  const reason = !isEdit
    ? 'No Recraft model makes a transparent background.'
    : !policy.allowSecondCharge
      ? 'No Recraft model makes a transparent background; removing it is a second charge, which this gateway does not allow.'
      : output_format === 'jpeg'
        ? 'A jpeg has no transparency: ask for png or webp.'
        : undefined;
  if (reason !== undefined) throw new GatewayError('unsupportedValue', reason, { param: 'background' });
}
