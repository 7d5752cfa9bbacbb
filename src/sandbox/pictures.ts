import { createHash } from 'node:crypto';
import { Refusal, type Answer } from './answer.js';
import { admit, type PictureFile, picturesAnswer } from './answering.js';
import { pause, type Call } from './call.js';
import { checkOrder, type CheckedOrder, type Terms } from './checks.js';
import { drawSvg, mosaic, type DrawingOrder } from './drawing/drawing.js';
import { renderRaster } from './drawing/render.js';
import { readOrder } from './order.js';
import { nearestSize, type Size } from './sizes.js';
import {
  fitPicture,
  openPicture,
  REFERENCE_LIMITS,
  sampleColors,
  SOURCE_LIMITS,
  type SourcePicture,
} from './source-picture.js';

/** API units for the style that references make (recraft-api.md §5.1). */
const STYLE_UNITS = 5;

/** Cells along the longer side of a picture under a vector drawing: coarse, so that the SVG stays small. */
const MOSAIC_CELLS = 40;

/** What lies under a drawing, and how much of it shows. */
type Ground = Pick<DrawingOrder, 'opacity' | 'beneath'> & { readonly png?: Buffer };

/** A checked order with all that its drawings need. */
interface Job extends CheckedOrder {
  readonly size: Size;
  /** What gives all its pictures their look. */
  readonly look: string;
  readonly ground: Ground;
}

/** Makes the handler of a route that answers a list of pictures. */
export function pictures(terms: Terms): (call: Call) => Promise<Answer> {
  return async (call) => {
    const checked = checkOrder(readOrder(call.fields), terms);
    const { order, model } = checked;
    call.state.styles.check(order.styleId, model);
    const job = await prepare(checked, terms, call);
    admit(call, order.count);
    const newStyle = !terms.fromSource && order.references.length > 0;
    const credits = order.count * model.units + (newStyle ? STYLE_UNITS : 0);
    await pause(call.state.settings.latencyMs, call.gone);
    // A client that left is charged, since Recraft may charge it too; only the drawing is spared, for nobody sees it.
    const files = call.gone.aborted ? [] : await draw(job);
    const styleId = newStyle ? call.state.styles.add({ model: model.id }).id : undefined;
    const { responseFormat, calculatesFeatures: withFeatures } = order;
    return picturesAnswer(call, {
      files,
      responseFormat,
      credits,
      withFeatures,
      ...(styleId !== undefined && { styleId }),
    });
  };
}

/** Opens the pictures of an order: the last of the checks. */
async function prepare(checked: CheckedOrder, terms: Terms, { state }: Call): Promise<Job> {
  const { order, model } = checked;
  const named = [model.id, order.style, order.substyle, order.styleId];
  if (terms.fromSource) {
    if (order.source === undefined) throw new Refusal("Parameter 'image' is required");
    const source = await openPicture(order.source, SOURCE_LIMITS, state.pictures);
    const size = nearestSize(model.sizes, source);
    return { ...checked, size, look: named.join('/'), ground: await groundOf(source, size, checked) };
  }
  const references = await Promise.all(
    order.references.map((reference) => openPicture(reference, REFERENCE_LIMITS, state.pictures)),
  );
  const look = [...named, ...references.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'))].join('/');
  return { ...checked, size: checked.size ?? nearestSize(model.sizes, { width: 1, height: 1 }), look, ground: {} };
}

async function groundOf(source: SourcePicture, size: Size, { order, model }: CheckedOrder): Promise<Ground> {
  const opacity = order.strength ?? 1;
  if (model.output === 'raster') return { opacity, png: await fitPicture(source, size) };
  const cell = Math.max(size.width, size.height) / MOSAIC_CELLS;
  const cells = await sampleColors(source, Math.ceil(size.width / cell), Math.ceil(size.height / cell));
  return { opacity, beneath: mosaic(cells, size.width, size.height) };
}

async function draw({ order, model, size, look, ground, colors }: Job): Promise<PictureFile[]> {
  const { png, ...layers } = ground;
  const drawOne = async (index: number): Promise<PictureFile> => {
    const svg = drawSvg({ prompt: order.prompt, seed: order.seed, look, index, ...size, ...colors, ...layers });
    return model.output === 'vector'
      ? { ...size, bytes: Buffer.from(svg), contentType: 'image/svg+xml' }
      : { ...size, bytes: await renderRaster(svg, order.imageFormat, png), contentType: `image/${order.imageFormat}` };
  };
  return await Promise.all(Array.from({ length: order.count }, (_, index) => drawOne(index)));
}
