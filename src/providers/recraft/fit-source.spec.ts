import { describe, expect, it } from '@jest/globals';
import type { UploadedImage } from '../../images/image-request.js';
import { checkSource } from './fit-source.js';

const upload = (over: Partial<UploadedImage> = {}): UploadedImage => ({
  kind: 'bytes',
  param: 'image[0]',
  bytes: 1_000,
  format: 'png',
  width: 1_024,
  height: 768,
  open: () => {
    throw new Error('a check reads no bytes');
  },
  ...over,
});

const LIMITS = { takesSvg: true, minSide: 256 };

const checking = (over: Partial<UploadedImage>) => () => {
  checkSource(upload(over), LIMITS);
};

describe('a source picture', () => {
  it.each(['png', 'jpeg', 'webp', 'svg'] as const)('may be %s', (format) => {
    expect(checking({ format })).not.toThrow();
  });

  it.each(['gif', undefined] as const)('may not be %s', (format) => {
    expect(checking({ format })).toThrow(
      expect.objectContaining({ fault: 'unknownPictureKind', code: 'unsupported_file_mimetype', param: 'image[0]' }),
    );
  });

  it.each([
    ['20 MiB', { bytes: 20 * 1_024 * 1_024 }],
    ['256 pixels on its shorter side', { width: 256, height: 300 }],
    ['4096 pixels on its longer side', { width: 300, height: 4_096 }],
    ['16 megapixels', { width: 4_000, height: 4_000 }],
  ])('may have exactly %s', (_border, over) => {
    expect(checking(over)).not.toThrow();
  });

  it.each([
    ['a byte more than 20 MiB', { bytes: 20 * 1_024 * 1_024 + 1 }, 'tooLarge', /20 MiB/],
    ['255 pixels in width', { width: 255 }, 'invalidImage', /at least 256 pixels; this one is 255x768/],
    ['255 pixels in height', { height: 255 }, 'invalidImage', /at least 256 pixels/],
    ['4097 pixels in width', { width: 4_097 }, 'invalidImage', /at most 4096 pixels/],
    ['4097 pixels in height', { height: 4_097 }, 'invalidImage', /at most 4096 pixels/],
    ['a row more than 16 megapixels', { width: 4_000, height: 4_001 }, 'invalidImage', /at most 16 megapixels/],
    ['a width that cannot be read', { width: undefined }, 'invalidImage', /cannot be read/],
    ['a height that cannot be read', { height: undefined }, 'invalidImage', /cannot be read/],
  ])('may not have %s', (_border, over, fault, message) => {
    expect(checking(over)).toThrow(
      expect.objectContaining({ fault, param: 'image[0]', message: expect.stringMatching(message) }),
    );
  });

  it('that is a drawing may be small or without a size, but not too large', () => {
    expect(checking({ format: 'svg', width: 24, height: 24 })).not.toThrow();
    expect(checking({ format: 'svg', width: undefined, height: undefined })).not.toThrow();
    expect(checking({ format: 'svg', width: 4_097, height: 24 })).toThrow(/at most 4096 pixels/);
  });

  it('behind a link is left to Recraft', () => {
    expect(() => {
      checkSource({ kind: 'link', param: 'image', url: 'https://example.com/a.gif' }, LIMITS);
    }).not.toThrow();
  });
});
