import { GatewayError } from '../../errors/gateway-error.js';
import type { OutpaintRequest, UploadedImage } from '../../images/image-request.js';
import { checkRange, checkWhole } from './bounds.js';

const MAX_SIDE = 4_096;
const SIDES = ['left', 'right', 'top', 'bottom'] as const;

/**
 * Checks how an outpainted picture is to grow (recraft-api.md §5.5): by its sides, to a size, by a smaller source, or by
 * the last and one of the others.
 *
 * @throws GatewayError naming the field at fault
 */
export function checkFrame({ expand, size, zoomOutPercentage: zoom, image }: OutpaintRequest): void {
  for (const side of SIDES) {
    const pixels = expand[side];
    if (pixels !== undefined) checkWhole(`expand_${side}`, pixels, 0, MAX_SIDE);
  }
  if (zoom !== undefined) checkZoom(zoom);
  const grown = SIDES.find((side) => (expand[side] ?? 0) > 0);
  if (size !== undefined && grown !== undefined) {
    throw new GatewayError('unsupportedParameter', `'size' and 'expand_${grown}' exclude each other.`, {
      param: 'size',
    });
  }
  if (size === undefined && grown === undefined && (zoom ?? 0) === 0) {
    const message =
      "Say how the picture is to grow: with 'size', one of 'expand_left', 'expand_right', 'expand_top' and 'expand_bottom', or 'zoom_out_percentage'.";
    throw new GatewayError('missingParameter', message, { param: 'size' });
  }
  if (size !== undefined) checkSize(size);
  if (image.kind === 'link' || image.width === undefined || image.height === undefined) return;
  if (size !== undefined) checkRoom(size, image, 1 - (zoom ?? 0) / 100);
  checkResult('expand_left', image.width + (expand.left ?? 0) + (expand.right ?? 0));
  checkResult('expand_top', image.height + (expand.top ?? 0) + (expand.bottom ?? 0));
}

function checkZoom(zoom: number): void {
  checkRange('zoom_out_percentage', zoom, 0, 100);
  if (zoom < 100) return;
  throw new GatewayError('aboveMaximum', "'zoom_out_percentage' must be below 100.", { param: 'zoom_out_percentage' });
}

function checkSize(size: string): void {
  if (!size.includes('x')) return;
  for (const side of size.split('x').map(Number)) checkResult('size', side);
}

/** The source stays intact inside the result (recraft-api.md §5.5). A drawing has no pixels of its own. */
function checkRoom(size: string, { width = 0, height = 0, format }: UploadedImage, scale: number): void {
  if (!size.includes('x') || format === 'svg') return;
  const [across = 0, down = 0] = size.split('x').map(Number);
  const inner = { width: Math.round(width * scale), height: Math.round(height * scale) };
  if (inner.width <= across && inner.height <= down) return;
  const message = `'size' ${size} has no room for the picture, which is ${inner.width}x${inner.height} in it.`;
  throw new GatewayError('invalidValue', message, { param: 'size' });
}

function checkResult(param: string, side: number): void {
  if (side <= MAX_SIDE) return;
  const message = `The result may have at most ${MAX_SIDE} pixels a side; this one would have ${side}.`;
  throw new GatewayError('invalidValue', message, { param });
}
