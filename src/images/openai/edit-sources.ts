import { GatewayError } from '../../errors/gateway-error.js';
import { toRecraftMask } from '../../pixels/mask.js';
import type { SourceImage } from '../image-request.js';

export interface EditSources {
  readonly image: SourceImage;
  /** White where the picture may change. */
  readonly mask?: SourceImage;
}

/**
 * The pictures of an edit, with OpenAI's mask (transparent: edit) turned into the provider's (white: edit). That needs the
 * bytes of both.
 *
 * @throws GatewayError naming `image` or `mask`
 */
export async function editSources(image: SourceImage | undefined, mask: SourceImage | undefined): Promise<EditSources> {
  if (!image) throw new Error('PicturesBody lets no edit through without its image.');
  if (!mask) return { image };
  for (const picture of [mask, image]) {
    if (picture.kind === 'link') {
      const message = 'With a mask, send both pictures as files or data URLs: the gateway fetches no links.';
      throw new GatewayError('unsupportedValue', message, { param: picture.param });
    }
  }
  if (mask.kind === 'link' || image.kind === 'link') throw new Error('Links were refused above.');
  return { image, mask: await toRecraftMask(mask, image) };
}
