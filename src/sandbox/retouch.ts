import sharp from 'sharp';
import { Refusal, type Answer } from './answer.js';
import { admit, type PictureFile, picturesAnswer } from './answering.js';
import { pause, type Call } from './call.js';
import { type Order, readOrder } from './order.js';
import { backgroundOf, encoded, erased, maskOf, type Raster, rasterOf, WHITE } from './raster.js';
import { nearestSize, type Size, SIZES_2K } from './sizes.js';
import { Parameters } from './parameters.js';
import {
  decoded,
  MASK_LIMITS,
  openPicture,
  type PictureLimits,
  RASTER_LIMITS,
  SOURCE_LIMITS,
  type SourcePicture,
} from './source-picture.js';
import { traced } from './tracing.js';

/** What a route that works on one picture does, takes and costs (recraft-api.md §5.6, §7). */
export interface Retouch {
  readonly units: number;
  readonly limits: PictureLimits;
  readonly work: (source: SourcePicture, order: Order, call: Call) => Promise<PictureFile>;
}

/** Makes the handler of a route that answers with one picture. */
export function retouches({ units, limits, work }: Retouch): (call: Call) => Promise<Answer> {
  return async (call) => {
    const order = readOrder(call.fields);
    if (order.source === undefined) throw new Refusal("Parameter 'image' is required");
    const source = await openPicture(order.source, limits, call.state.pictures);
    const file = await work(source, order, call);
    admit(call, 1);
    await pause(call.state.settings.latencyMs, call.gone);
    return picturesAnswer(call, { files: [file], responseFormat: order.responseFormat, credits: units, single: true });
  };
}

async function fileOf(picture: Raster, { imageFormat }: Order): Promise<PictureFile> {
  const { width, height } = picture;
  return { width, height, bytes: await encoded(picture, imageFormat), contentType: `image/${imageFormat}` };
}

function svgOf(picture: Raster, hidden?: Raster): PictureFile {
  const { width, height } = picture;
  return { width, height, bytes: Buffer.from(traced(picture, hidden)), contentType: 'image/svg+xml' };
}

export const VECTORIZE: Retouch = {
  units: 10,
  limits: RASTER_LIMITS,
  work: async ({ bytes }) => svgOf(await rasterOf(bytes)),
};

export const REMOVE_BACKGROUND: Retouch = {
  units: 10,
  limits: SOURCE_LIMITS,
  work: async ({ bytes, format }, order) => {
    const picture = await rasterOf(bytes);
    const background = backgroundOf(picture);
    if (format === 'svg') return svgOf(picture, background);
    const data = Buffer.alloc(picture.width * picture.height * 4);
    for (let at = 0; at < background.data.length; at += 1) {
      picture.data.copy(data, at * 4, at * 3, at * 3 + 3);
      data[at * 4 + 3] = background.data[at] === WHITE ? 0 : 255;
    }
    return await fileOf({ ...picture, data, channels: 4 }, order);
  },
};

export const CRISP_UPSCALE: Retouch = {
  units: 4,
  limits: { ...RASTER_LIMITS, minSide: 32 },
  work: ({ bytes, width, height }, order) => scaled(bytes, { width: width * 2, height: height * 2 }, order),
};

/** Sixteen megapixels are its largest result. */
const MAX_PIXELS = 16_000_000;
const MAX_SCALE = 4;

export const CREATIVE_UPSCALE: Retouch = {
  units: 250,
  limits: RASTER_LIMITS,
  work: ({ bytes, width, height }, order) => {
    const scale = Math.max(1, Math.min(MAX_SCALE, Math.sqrt(MAX_PIXELS / (width * height))));
    return scaled(bytes, { width: Math.floor(width * scale), height: Math.floor(height * scale) }, order);
  },
};

const REFINEMENTS = ['subtle', 'moderate'];

export const ENHANCE: Retouch = {
  units: 210,
  limits: RASTER_LIMITS,
  work: ({ bytes, width, height }, order, { fields }) => {
    const refinement = new Parameters(fields).text('refinement') ?? 'moderate';
    if (!REFINEMENTS.includes(refinement)) {
      throw new Refusal("Parameter 'refinement' must be one of subtle, moderate");
    }
    return scaled(bytes, nearestSize(SIZES_2K, { width, height }), order);
  },
};

async function scaled(bytes: Buffer, size: Size, order: Order): Promise<PictureFile> {
  const picture = sharp(bytes).autoOrient().resize(size.width, size.height, { fit: 'fill', kernel: 'lanczos3' });
  const opaque = picture.flatten({ background: '#fff' }).toColourspace('srgb').removeAlpha();
  const data = await decoded(() => opaque.raw().toBuffer());
  return await fileOf({ ...size, data, channels: 3 }, order);
}

export const ERASE_REGION: Retouch = {
  units: 2,
  limits: SOURCE_LIMITS,
  work: async ({ bytes, format }, order, { state }) => {
    if (order.mask === undefined) throw new Refusal("Parameter 'mask' is required");
    const picture = await rasterOf(bytes);
    const mask = await maskOf((await openPicture(order.mask, MASK_LIMITS, state.pictures)).bytes, picture);
    const result = erased(picture, mask);
    return format === 'svg' ? svgOf(result) : await fileOf(result, order);
  },
};
