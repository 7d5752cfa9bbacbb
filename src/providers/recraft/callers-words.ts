import { GatewayError } from '../../errors/gateway-error.js';
import type { ImageRequest, SourceImage } from '../../images/image-request.js';

/** A refusal of Recraft's that is about a picture, with the field that the caller sent it in: `image_url`, `file`, `mask_url`. */
export function inCallersWords(error: unknown, request: ImageRequest): unknown {
  if (!(error instanceof GatewayError)) return error;
  const picture = pictureAt(error.param, request);
  if (picture === undefined || picture.param === error.param) return error;
  const { fault, message, code, retryAfterSeconds, cause } = error;
  const details = { param: picture.param, code, cause };
  return new GatewayError(fault, message, {
    ...details,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

/** The one picture that can be meant; undefined where that is open. */
function pictureAt(param: string | null, request: ImageRequest): SourceImage | undefined {
  if (param === 'mask') return 'mask' in request ? request.mask : undefined;
  if (param !== 'image') return undefined;
  if ('image' in request) return request.image;
  const references = request.operation === 'generate' ? (request.styleReferences ?? []) : [];
  return references.length === 1 ? references[0] : undefined;
}
