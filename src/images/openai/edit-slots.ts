import type { PictureSlot } from '../pictures-in-body.js';

/** Every spelling clients use for the picture (openai-images.md §0.7): `image`, `image[]`, `image[0]`, `images[]`. */
const IMAGE: PictureSlot = {
  name: 'image',
  spelling: /^images?(\[\d*\])?$|^image_url$/,
  isRequired: true,
  most: 1,
  purpose: 'the picture to change',
};

const MASK: PictureSlot = {
  name: 'mask',
  spelling: /^masks?(\[\d*\]|_url)?$/,
  isRequired: false,
  most: 1,
  purpose: 'what may change',
};

/** Pictures of an edit. */
export const EDIT_SLOTS: readonly PictureSlot[] = [IMAGE, MASK];

/** Pictures of a variation. */
export const VARIATION_SLOTS: readonly PictureSlot[] = [{ ...IMAGE, purpose: 'the picture to vary' }];

/** What the style of a generation may be taken from: files, or links and data URLs (recraft-api.md §4.1). */
export const STYLE_REFERENCES: PictureSlot = {
  name: 'style_references',
  spelling: /^style_reference(?:s|_urls)(\[\d*\])?$/,
  isRequired: false,
  most: 10,
  isEitherOr: true,
  purpose: 'what the style is taken from',
};

/** Pictures that a generation may bring along. */
export const GENERATION_SLOTS: readonly PictureSlot[] = [STYLE_REFERENCES];
