import type { PictureSlot } from '../pictures-in-body.js';

/** What a style is made from: files under any name, or links (recraft-api.md §6.1). */
export const STYLE_SLOTS: readonly PictureSlot[] = [
  {
    name: 'files',
    spelling: /^(?:files|images|image_urls)(?:\[\d*\])?$/,
    isRequired: false,
    most: 10,
    takesAnyFile: true,
    purpose: 'the pictures that the style is taken from',
  },
];
