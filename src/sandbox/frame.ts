import sharp from 'sharp';
import { Refusal } from './answer.js';
import type { Order } from './order.js';
import { type Raster, rasterOf, WHITE } from './raster.js';
import type { Size } from './sizes.js';
import type { SourcePicture } from './source-picture.js';

/** A larger picture, and where the source stands in it. Pixels. */
export interface Frame extends Size {
  readonly left: number;
  readonly top: number;
  readonly inner: Size;
}

const MAX_SIDE = 4096;

/**
 * How a picture grows (recraft-api.md §5.5). The source stays intact inside. Inferred: that a size without room for it is
 * refused, and that zooming out grows the frame unless `size` gives it in pixels.
 *
 * @throws Refusal where the request does not say how, says it twice, or wants more than 4096 pixels a side
 */
export function frameOf({ expand, size, zoomOutPercentage: zoom }: Order, source: Size): Frame {
  if (expand.some((pixels) => pixels < 0 || pixels > MAX_SIDE)) {
    throw new Refusal(`expand values must be between 0 and ${MAX_SIDE}`);
  }
  if (zoom < 0 || zoom >= 100) throw new Refusal("Parameter 'zoom_out_percentage' must be in [0, 100)");
  const grows = expand.some((pixels) => pixels > 0);
  if (size !== undefined && grows) throw new Refusal("'size' can't be used together with expand parameters");
  if (size === undefined && !grows && zoom === 0) {
    throw new Refusal('at least one of size, expand parameters and zoom_out_percentage is required');
  }
  const scale = 1 - zoom / 100;
  const isFixed = size?.includes('x') === true;
  const frame = isFixed ? fixedFrame(sizeOf(size, source), source, scale) : grownFrame(source, scale, { expand, size });
  if (Math.max(frame.width, frame.height) > MAX_SIDE) {
    throw new Refusal(`max image dimension should be no more than ${MAX_SIDE}`, 'invalid_image_format');
  }
  return frame;
}

/** A picture of just this size: zooming out can only make the source smaller in it. */
function fixedFrame(outer: Size, source: Size, scale: number): Frame {
  const inner = {
    width: Math.max(1, Math.round(source.width * scale)),
    height: Math.max(1, Math.round(source.height * scale)),
  };
  if (inner.width > outer.width || inner.height > outer.height) {
    const sizes = `'size' ${outer.width}x${outer.height} has no room for an image of ${inner.width}x${inner.height}`;
    throw new Refusal(sizes);
  }
  return { ...outer, inner, ...centred(outer, inner) };
}

/** A picture around the source, which keeps its pixels: zooming out makes the frame larger, on all sides alike. */
function grownFrame(source: Size, scale: number, { expand, size }: Pick<Order, 'expand' | 'size'>): Frame {
  const [left = 0, right = 0, top = 0, bottom = 0] = expand;
  const grown = { width: source.width + left + right, height: source.height + top + bottom };
  const base = size === undefined ? grown : sizeOf(size, source);
  const outer = { width: Math.round(base.width / scale), height: Math.round(base.height / scale) };
  const rim = centred(outer, size === undefined ? grown : source);
  return { ...outer, inner: source, left: rim.left + left, top: rim.top + top };
}

function centred(outer: Size, inner: Size): { left: number; top: number } {
  return { left: Math.floor((outer.width - inner.width) / 2), top: Math.floor((outer.height - inner.height) / 2) };
}

/** An aspect is the smallest frame of that shape around the source. */
function sizeOf(size: string, source: Size): Size {
  const [, across = '', sign, down = ''] = /^(\d{1,5})([x:])(\d{1,5})$/.exec(size) ?? [];
  const [width, height] = [Number(across), Number(down)];
  if (width === 0 || height === 0) throw new Refusal(`invalid size '${size}'`);
  if (sign === 'x') return { width, height };
  const shape = width / height;
  return source.width / source.height > shape
    ? { width: source.width, height: Math.round(source.width / shape) }
    : { width: Math.round(source.height * shape), height: source.height };
}

/** The source inside its frame, and white around it. */
export async function placed({ bytes }: SourcePicture, frame: Frame): Promise<{ base: Raster; mask: Raster }> {
  const { width, height, left, top, inner } = frame;
  const source = await rasterOf(bytes, inner);
  const png = await sharp(source.data, { raw: { ...inner, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const canvas = sharp({ create: { width, height, channels: 3, background: '#fff' } }).composite([
    { input: png, left, top },
  ]);
  const base = { data: await canvas.removeAlpha().raw().toBuffer(), width, height, channels: 3 } as const;
  const mask = Buffer.alloc(width * height, WHITE);
  for (let y = top; y < top + inner.height; y += 1) mask.fill(0, y * width + left, y * width + left + inner.width);
  return { base, mask: { data: mask, width, height, channels: 1 } };
}
