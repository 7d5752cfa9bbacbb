import { GatewayError } from '../../errors/gateway-error.js';
import type { FittedRequest } from '../../images/image-provider.js';
import type {
  DrawingRequest,
  GenerateRequest,
  ImageRequest,
  Operation,
  VariateRequest,
} from '../../images/image-request.js';
import type { Deployment } from '../../registry/deployment.js';
import { checkRange, checkWhole } from './bounds.js';
import { drawnBy, findModel, RECRAFT_MODELS, type RecraftModel } from './catalogue.js';
import { nearest } from './catalogue-sizes.js';
import { checkControls, featureMissing } from './fit-controls.js';
import { checkFrame } from './fit-frame.js';
import { checkOperation, checkPrompt } from './fit-model.js';
import { checkMask, checkReferences, checkSource } from './fit-source.js';
import { checkStyle } from './fit-style.js';
import { checkTextLayout } from './fit-text-layout.js';
import { type OperationRow, OPERATIONS } from './operations.js';

const NOTHING: readonly string[] = [];
const IMAGE_FORMAT: readonly string[] = ['image_format'];
const IMAGE_FORMATS: ReadonlySet<string> = new Set(['png', 'webp']);
const SEED_MAX = 4_294_967_295;

/** What the checks of a request find out. */
type Fitted = Omit<FittedRequest, 'makesStyle'>;

/**
 * Checks a request by its model's own limits and puts its size into the model's form, so that a request that is sure
 * to fail costs nothing. A model that the catalogue does not know gets the request as it came.
 *
 * The checks stand in Recraft's own order (recraft-api.md §10), so that both name the same fault first.
 *
 * @throws GatewayError whose `param` is the field's wire name
 */
export function fit(request: ImageRequest, deployment: Deployment): Fitted {
  const row = OPERATIONS[request.operation];
  const card = row.hasModel ? findModel(deployment.model) : undefined;
  if (row.hasModel && card === undefined) return { request, ignored: NOTHING, format: request.imageFormat ?? 'webp' };
  const fitted = card === undefined ? request : fitToModel(card, request);
  if (request.randomSeed !== undefined) checkWhole('random_seed', request.randomSeed, 0, SEED_MAX);
  if (request.operation === 'imageToImage') checkRange('strength', request.strength, 0, 1);
  if (request.operation === 'exploreSimilar') checkWhole('similarity', request.similarity, 1, 5);
  if (fitted.operation === 'outpaint') checkFrame(fitted);
  if ('image' in request) checkSource(request.image, row.source);
  if ('mask' in request) checkMask(request.mask, request.image);
  checkReferences(request);
  return card === undefined ? withFixedFormat(fitted, row) : withFittedFormat(card, fitted);
}

function fitToModel(card: RecraftModel, request: ImageRequest): ImageRequest {
  checkOperation(card, request.operation);
  if ('prompt' in request) checkPrompt(card, request.prompt);
  checkWhole('n', request.count, 1, card.countMax);
  const sized = withFittedSize(card, withKnownStyle(request));
  if (isDrawing(sized)) {
    checkStyle(card, sized);
    checkFeatures(card, sized);
  }
  if ('controls' in request) checkControls(card, request.controls);
  if (request.operation === 'generate' && request.only !== undefined) checkOutput(card, request);
  return sized;
}

/** Whether a request has all that words can ask for: sketches have neither styles nor features. */
function isDrawing(request: ImageRequest): request is DrawingRequest {
  return 'prompt' in request && request.operation !== 'explore';
}

/** `generations/raster` and `/vector` refuse what draws the other kind (recraft-api.md §5.1). */
function checkOutput(card: RecraftModel, { only, style }: GenerateRequest): void {
  const { output } = drawnBy(card, style);
  if (output === only) return;
  const [param, what] = card.output === output ? ['model', card.displayName] : ['style', `The style '${style ?? ''}'`];
  const able = RECRAFT_MODELS.filter((model) => model.output === only).map(({ id }) => id);
  const message = `${what} makes ${output} pictures; this route makes ${only ?? ''} ones. Models that do: ${able.join(', ')}.`;
  throw new GatewayError('unsupportedValue', message, { param });
}

/** LiteLLM's page gives `realistic` as its example of a style; Recraft's name for it is `realistic_image`. */
function withKnownStyle(request: ImageRequest): ImageRequest {
  return 'style' in request && request.style === 'realistic' ? { ...request, style: 'realistic_image' } : request;
}

function withFittedSize(card: RecraftModel, request: ImageRequest): ImageRequest {
  if (request.operation === 'variate' && request.size === undefined)
    return { ...request, size: sizeLike(card, request) };
  if (!SIZED.has(request.operation) || !('size' in request) || request.size === undefined) return request;
  const size = card.acceptedSizes.get(request.size);
  if (size === undefined) throw sizeRefused(card, request.size);
  return size === request.size ? request : { ...request, size };
}

/** Operations whose size is one of the model's own; an outpainted picture may have any. */
const SIZED: ReadonlySet<Operation> = new Set(['generate', 'variate', 'explore']);

/** The size whose shape is the source's: Recraft wants one where the caller left it open (recraft-api.md §5.7). */
function sizeLike(card: RecraftModel, { image }: VariateRequest): string {
  const own = Array.from(card.sizes, ([aspect, pixels]) => pixels ?? aspect);
  if (image.kind === 'link' || image.width === undefined || image.height === undefined) return own[0] ?? '1:1';
  return nearest(`${image.width}x${image.height}`, own);
}

function sizeRefused(card: RecraftModel, size: string): GatewayError {
  const allowed = Array.from(card.sizes, ([aspect, pixels]) => (pixels ? `${pixels} (${aspect})` : aspect));
  const message = `${card.displayName} does not have the size '${size}'. It takes ${allowed.join(', ')}.`;
  return new GatewayError('unsupportedValue', message, { param: 'size' });
}

/** An SVG has no picture format: Recraft ignores the field there (recraft-api.md §4.3), and the caller is told so. */
function withFittedFormat(card: RecraftModel, request: ImageRequest): Fitted {
  const drawing = drawnBy(card, 'style' in request ? request.style : undefined);
  const isVector = drawing.output === 'vector';
  if (isVector) checkRasterOnly(card, drawing, request);
  // Lossless WebP is what Recraft makes unasked (recraft-api.md §4.3).
  if (request.imageFormat === undefined) return { request, ignored: NOTHING, format: isVector ? 'svg' : 'webp' };
  if (isVector) {
    const { imageFormat, ...rest } = request;
    return { request: rest, ignored: imageFormat === 'svg' ? NOTHING : IMAGE_FORMAT, format: 'svg' };
  }
  if (request.imageFormat === 'svg') {
    const vector = `${card.id.replace(/_flash.*$/, '')}_vector`;
    const message = `${card.displayName} makes raster pictures; svg needs a vector model such as ${vector}.`;
    throw new GatewayError('unsupportedValue', message, { param: 'output_format' });
  }
  if (!IMAGE_FORMATS.has(request.imageFormat)) {
    throw new GatewayError('unsupportedValue', "'image_format' must be png or webp.", { param: 'image_format' });
  }
  return { request, ignored: NOTHING, format: request.imageFormat };
}

/** @throws GatewayError where an SVG would come and the caller has no use for one */
function checkRasterOnly(card: RecraftModel, drawing: RecraftModel, { rasterOnly: param }: ImageRequest): void {
  if (param === undefined) return;
  const raster = drawing.id.replace(/_vector$/, '');
  const message =
    card === drawing
      ? `${card.displayName} makes SVGs; this format needs a raster model such as ${raster}.`
      : `The style makes SVGs; this format needs another style of ${card.displayName}.`;
  throw new GatewayError('unsupportedValue', message, { param });
}

/** Work without a model: the operation decides what comes back. */
function withFixedFormat(request: ImageRequest, { format }: OperationRow): Fitted {
  const comes = format?.(request) ?? 'webp';
  if (request.imageFormat === undefined) return { request, ignored: NOTHING, format: comes };
  if (comes === 'svg') {
    const { imageFormat, ...rest } = request;
    return { request: rest, ignored: imageFormat === 'svg' ? NOTHING : IMAGE_FORMAT, format: comes };
  }
  if (!IMAGE_FORMATS.has(request.imageFormat)) {
    throw new GatewayError('unsupportedValue', "'image_format' must be png or webp.", { param: 'image_format' });
  }
  return { request, ignored: NOTHING, format: comes };
}

/** What the documentation says a model does not take (recraft-api.md §3) would be paid for and have no effect, or fail. */
function checkFeatures({ features, displayName }: RecraftModel, { negativePrompt, textLayout }: DrawingRequest): void {
  if (negativePrompt !== undefined && !features.negativePrompt) throw featureMissing(displayName, 'negative_prompt');
  if (textLayout !== undefined && !features.textLayout) throw featureMissing(displayName, 'text_layout');
  checkTextLayout(textLayout);
}
