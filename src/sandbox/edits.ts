import { Refusal, type Answer } from './answer.js';
import { admit, type PictureFile, picturesAnswer } from './answering.js';
import { pause, type Call } from './call.js';
import { checkOrder, type CheckedOrder, type Terms } from './checks.js';
import { drawSvg } from './drawing/drawing.js';
import { frameOf, placed } from './frame.js';
import { readOrder } from './order.js';
import { backgroundOf, encoded, maskOf, merged, type Raster, rasterOf } from './raster.js';
import { MASK_LIMITS, openPicture, SOURCE_LIMITS, type SourcePicture } from './source-picture.js';
import { traced } from './tracing.js';

type Edit = NonNullable<Terms['edit']>;

/** A picture and what of it is drawn anew. */
interface Ground {
  readonly base: Raster;
  readonly mask: Raster;
}

/** Makes the handler of a route that draws a part of a picture anew (recraft-api.md §5.3 to §5.5). */
export function edits(edit: Edit): (call: Call) => Promise<Answer> {
  return async (call) => {
    const checked = checkOrder(readOrder(call.fields), { fromSource: true, edit });
    const { order, model } = checked;
    call.state.styles.check(order.styleId, model);
    const source = await openSource(checked, call);
    const ground = await groundOf(edit, checked, source, call);
    admit(call, order.count);
    const credits = order.count * model.units;
    await pause(call.state.settings.latencyMs, call.gone);
    const indices = call.gone.aborted ? [] : Array.from({ length: order.count }, (_, index) => index);
    const files = await Promise.all(indices.map((index) => draw(checked, ground, index)));
    const { responseFormat, calculatesFeatures: withFeatures } = order;
    return picturesAnswer(call, { files, responseFormat, credits, withFeatures });
  };
}

async function openSource({ order }: CheckedOrder, { state }: Call): Promise<SourcePicture> {
  if (order.source === undefined) throw new Refusal("Parameter 'image' is required");
  return await openPicture(order.source, SOURCE_LIMITS, state.pictures);
}

async function groundOf(edit: Edit, { order }: CheckedOrder, source: SourcePicture, { state }: Call): Promise<Ground> {
  if (edit === 'outpaint') return await placed(source, frameOf(order, source));
  const base = await rasterOf(source.bytes);
  if (edit === 'replace background') return { base, mask: backgroundOf(base) };
  if (order.mask === undefined) throw new Refusal("Parameter 'mask' is required");
  const { bytes } = await openPicture(order.mask, MASK_LIMITS, state.pictures);
  return { base, mask: await maskOf(bytes, base) };
}

async function draw(
  { order, model, colors }: CheckedOrder,
  { base, mask }: Ground,
  index: number,
): Promise<PictureFile> {
  const { width, height } = base;
  const look = [model.id, order.style, order.substyle, order.styleId].join('/');
  const svg = drawSvg({ prompt: order.prompt, seed: order.seed, look, index, width, height, ...colors });
  const fresh = await rasterOf(Buffer.from(svg), base);
  const picture = merged(base, fresh, mask);
  return model.output === 'vector'
    ? { width, height, bytes: Buffer.from(traced(picture)), contentType: 'image/svg+xml' }
    : { width, height, bytes: await encoded(picture, order.imageFormat), contentType: `image/${order.imageFormat}` };
}
