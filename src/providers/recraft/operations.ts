import type { ImageRequest, Operation } from '../../images/image-request.js';
import type { RecraftModel } from './catalogue.js';

/** What Recraft takes as the source of an operation (recraft-api.md §4.1). */
export interface SourceLimits {
  readonly takesSvg: boolean;
  /** Shortest side, in pixels. */
  readonly minSide: number;
}

/** One operation at Recraft: all that is different about it beside its own fields. */
export interface OperationRow {
  readonly path: string;
  /** The form field of the source picture; in JSON it is always `image_url` (recraft-api.md §4.1). */
  readonly pictureField: 'image' | 'file';
  readonly source: SourceLimits;
  /** Whether it is done by a model that the caller may choose. */
  readonly hasModel: boolean;
  /** Price in API units of one picture, or of the request where it makes one (recraft-api.md §7); undefined: unknown. */
  readonly units: (card: RecraftModel | undefined) => number | undefined;
  /** The kind of file that comes back; undefined: that of the model. */
  readonly format?: (request: ImageRequest) => 'png' | 'webp' | 'svg';
}

const DRAWN: SourceLimits = { takesSvg: true, minSide: 256 };
const RASTER_ALONE: SourceLimits = { takesSvg: false, minSide: 256 };

const ofModel = (card: RecraftModel | undefined) => card && card.microDollarsPerImage / 1_000;
const always = (units: number) => () => units;

/** Lossless WebP is what Recraft makes unasked (recraft-api.md §4.3). */
const raster = ({ imageFormat }: ImageRequest) => (imageFormat === 'png' ? 'png' : 'webp');

/** SVG in, SVG out (recraft-api.md §5.6). */
function likeItsSource(request: ImageRequest): 'png' | 'webp' | 'svg' {
  const isDrawing = 'image' in request && request.image.kind === 'bytes' && request.image.format === 'svg';
  return isDrawing ? 'svg' : raster(request);
}

const drawing = (path: string): OperationRow => ({
  path: `/v1/images/${path}`,
  pictureField: 'image',
  source: DRAWN,
  hasModel: true,
  units: ofModel,
});

const retouching = (path: string, units: number, format: NonNullable<OperationRow['format']>): OperationRow => ({
  path: `/v1/images/${path}`,
  pictureField: 'file',
  source: RASTER_ALONE,
  hasModel: false,
  units: always(units),
  format,
});

/** Every operation that answers with pictures (recraft-api.md §2, §5, §7). */
export const OPERATIONS: Readonly<Record<Operation, OperationRow>> = {
  generate: drawing('generations'),
  imageToImage: drawing('imageToImage'),
  inpaint: drawing('inpaint'),
  outpaint: drawing('outpaint'),
  replaceBackground: drawing('replaceBackground'),
  generateBackground: drawing('generateBackground'),
  // The price is published for a request; that more than one picture costs more is inferred (recraft-api.md §7).
  variate: { ...drawing('variateImage'), units: always(40) },
  // How many pictures come back is documented nowhere, and so no price either.
  explore: { ...drawing('explore'), units: () => undefined },
  exploreSimilar: { ...drawing('explore/similar'), hasModel: false, units: () => undefined },
  vectorize: retouching('vectorize', 10, () => 'svg'),
  removeBackground: { ...retouching('removeBackground', 10, likeItsSource), source: DRAWN },
  crispUpscale: { ...retouching('crispUpscale', 4, raster), source: { takesSvg: false, minSide: 32 } },
  creativeUpscale: retouching('creativeUpscale', 250, raster),
  enhance: retouching('enhance', 210, raster),
  eraseRegion: { ...retouching('eraseRegion', 2, likeItsSource), pictureField: 'image', source: DRAWN },
};
