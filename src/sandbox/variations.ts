import { Refusal, type Answer } from './answer.js';
import { admit, type PictureFile, picturesAnswer } from './answering.js';
import { pause, type Call } from './call.js';
import { drawSvg } from './drawing/drawing.js';
import { renderRaster } from './drawing/render.js';
import { findModel, type Model } from './models.js';
import { type Order, readOrder } from './order.js';
import { Parameters } from './parameters.js';
import { rasterOf } from './raster.js';
import { findSize, type Size } from './sizes.js';
import { fitPicture, openPicture, SOURCE_LIMITS } from './source-picture.js';
import { seedOf } from './tools.js';
import { traced } from './tracing.js';

/** API units; that each picture is charged is inferred (recraft-api.md §7). */
const VARIATION_UNITS = 40;

/** How much of the source shows through a variation. */
const OPACITY = 0.35;

/** A variation is new in every pixel, so it may be traced coarsely: characters of its paths. */
const MAX_TRACE = 20_000;

/** Sketches of one set. Their number is documented nowhere. */
const SKETCHES = 4;

/** `POST /images/variateImage` (recraft-api.md §5.7). */
export async function variate(call: Call): Promise<Answer> {
  const order = readOrder(call.fields);
  const model = modelOf(order.model ?? 'recraftv4_1');
  if (order.count < 1 || order.count > 6) throw new Refusal("Parameter 'n' must be between 1 and 6");
  if (order.size === undefined) throw new Refusal("Parameter 'size' is required");
  const size = sizeOf(order.size, model);
  if (order.source === undefined) throw new Refusal("Parameter 'image' is required");
  const source = await openPicture(order.source, SOURCE_LIMITS, call.state.pictures);
  const ground = await fitPicture(source, size);
  admit(call, order.count);
  const files = await answerAfterPause(call, order.count, (index) =>
    draw({ model, order, size, prompt: 'variation', index, seed: order.seed, ground }),
  );
  const { responseFormat, count, calculatesFeatures: withFeatures } = order;
  return picturesAnswer(call, { files, responseFormat, credits: VARIATION_UNITS * count, withFeatures });
}

/** `POST /images/explore` (recraft-api.md §5.8). */
export async function explore(call: Call): Promise<Answer> {
  const order = readOrder(call.fields);
  const model = modelOf(order.model ?? 'recraftv4_1');
  if (model.line !== 'v4' || model.customStyle !== 'allowed' || model.id.includes('utility')) {
    throw new Refusal(`${model.name} doesn't support explore`);
  }
  const { length } = Array.from(order.prompt);
  if (length < 1 || length > model.promptMax) throw new Refusal(`prompt length should be in [1, ${model.promptMax}]`);
  const size = sizeOf(order.size ?? '1:1', model);
  admit(call, SKETCHES);
  return await sketches(call, { model, order, size, prompt: order.prompt, seed: order.seed });
}

/** `POST /images/explore/similar`: sketches like one of a set that was drawn here. */
export async function exploreSimilar(call: Call): Promise<Answer> {
  const parameters = new Parameters(call.fields);
  const id = parameters.text('source_image_id') ?? '';
  const similarity = parameters.integer('similarity') ?? 0;
  if (similarity < 1 || similarity > 5) throw new Refusal("Parameter 'similarity' must be between 1 and 5");
  const sketch = call.state.sketches.get(id);
  if (sketch === undefined) throw new Refusal('Image not found or not accessible');
  const order = readOrder(call.fields);
  const model = modelOf(sketch.model);
  admit(call, SKETCHES);
  return await sketches(call, { model, order, size: sketch, prompt: sketch.prompt, seed: seedOf(id) });
}

interface Sketching {
  readonly model: Model;
  readonly order: Order;
  readonly size: Size;
  readonly prompt: string;
  readonly seed: number;
}

async function sketches(call: Call, { model, order, size, prompt, seed }: Sketching): Promise<Answer> {
  const files = await answerAfterPause(call, SKETCHES, (index) => draw({ model, order, size, prompt, seed, index }));
  const sketch = { ...plain(size), model: model.id, prompt };
  return picturesAnswer(call, { files, responseFormat: order.responseFormat, credits: model.units * SKETCHES, sketch });
}

async function answerAfterPause(
  call: Call,
  count: number,
  drawOne: (index: number) => Promise<PictureFile>,
): Promise<PictureFile[]> {
  await pause(call.state.settings.latencyMs, call.gone);
  return call.gone.aborted ? [] : await Promise.all(Array.from({ length: count }, (_, index) => drawOne(index)));
}

interface Drawing extends Sketching {
  readonly index: number;
  readonly ground?: Buffer;
}

async function draw({ model, order, size, prompt, seed, index, ground }: Drawing): Promise<PictureFile> {
  const opacity = ground === undefined ? 1 : OPACITY;
  const svg = drawSvg({ prompt, look: model.id, seed, index, width: size.width, height: size.height, opacity });
  if (model.output === 'vector' && ground === undefined) {
    return { ...plain(size), bytes: Buffer.from(svg), contentType: 'image/svg+xml' };
  }
  const bytes = await renderRaster(svg, order.imageFormat, ground);
  if (model.output === 'raster') return { ...plain(size), bytes, contentType: `image/${order.imageFormat}` };
  return {
    ...plain(size),
    bytes: Buffer.from(traced(await rasterOf(bytes), undefined, MAX_TRACE)),
    contentType: 'image/svg+xml',
  };
}

function plain({ width, height }: Size): Size {
  return { width, height };
}

function modelOf(id: string): Model {
  const model = findModel(id);
  if (model === undefined) throw new Refusal(`Invalid model '${id}'`, 'invalid_model');
  return model;
}

function sizeOf(wanted: string, model: Model): Size {
  const size = findSize(model.sizes, wanted);
  if (size === undefined) throw new Refusal(`${model.name} doesn't support ${wanted} image size`);
  return size;
}
