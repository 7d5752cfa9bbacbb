import type { ImageRequest, Operation, RetouchRequest, SourceImage } from '../image-request.js';
import type { PictureSlot } from '../pictures-in-body.js';
import { STYLE_REFERENCES } from '../openai/edit-slots.js';
import { drawingOf, type DrawingFields, type Fields, present } from '../request-fields.js';
import { ExploreDto, ExploreSimilarDto } from './dto/explore.dto.js';
import { RecraftGenerateDto } from './dto/generate.dto.js';
import { ImageToImageDto } from './dto/image-to-image.dto.js';
import { InpaintDto } from './dto/inpaint.dto.js';
import { OutpaintDto } from './dto/outpaint.dto.js';
import { EnhanceDto, EraseRegionDto, RetouchDto } from './dto/retouch.dto.js';
import { VariateDto } from './dto/variate.dto.js';
import { VectorizeDto } from './dto/vectorize.dto.js';

/** What a request says of its pictures and how they come back, whatever the operation. */
export type CommonPart = Pick<ImageRequest, 'count' | 'responseFormat' | 'imageFormat' | 'randomSeed' | 'extra'>;

export interface RoutePictures {
  readonly image: SourceImage | undefined;
  readonly mask: SourceImage | undefined;
  readonly styleReferences: readonly SourceImage[];
}

/** One route of Recraft's dialect: everything that is different about it. */
export interface PictureRoute {
  /** Below `images/`; the first is the documented name, others are older ones (recraft-api.md §2). */
  readonly paths: readonly [string, ...string[]];
  readonly operation: Operation;
  /** The only kind of picture the route makes. */
  readonly output?: 'raster' | 'vector';
  readonly summary: string;
  readonly dto: new () => object;
  readonly slots: readonly PictureSlot[];
  /** Fields that have a place of their own in the request; the others go to Recraft as they are. */
  readonly fields: readonly string[];
  readonly build: (fields: Fields, common: CommonPart, pictures: RoutePictures) => ImageRequest;
}

const IMAGE: PictureSlot = {
  name: 'image',
  // One or the other stands in the documentation, and both are sent (recraft-api.md §4.1).
  spelling: /^(?:image|file)(?:_url)?$/,
  isRequired: true,
  most: 1,
  takesAnyFile: true,
  purpose: 'the picture to work on',
};

const MASK: PictureSlot = {
  name: 'mask',
  spelling: /^mask(?:_url)?$/,
  isRequired: true,
  most: 1,
  purpose: 'white where the picture may change, black where it stays',
};

const REFERENCES: PictureSlot = { ...STYLE_REFERENCES, takesAnyFile: true };

const DRAWING = [
  'prompt', 'n', 'style', 'substyle', 'style_id', 'negative_prompt', 'controls', 'text_layout', 'random_seed',
]; // prettier-ignore
const FRAME = ['size', 'expand_left', 'expand_right', 'expand_top', 'expand_bottom', 'zoom_out_percentage'];

interface OwnFields extends DrawingFields {
  readonly size?: string;
  readonly strength?: number;
  readonly expand_left?: number;
  readonly expand_right?: number;
  readonly expand_top?: number;
  readonly expand_bottom?: number;
  readonly zoom_out_percentage?: number;
  readonly source_image_id?: string;
  readonly similarity?: number;
}

const sizeOf = ({ size }: OwnFields) => present('size', size === 'auto' ? undefined : size);

/** A slot that is required is never empty behind its guard. */
function needed(picture: SourceImage | undefined): SourceImage {
  if (!picture) throw new Error('PicturesBody lets no request through without the pictures its route needs.');
  return picture;
}

function generating(only?: 'raster' | 'vector') {
  return (fields: OwnFields, common: CommonPart, { styleReferences }: RoutePictures): ImageRequest => ({
    operation: 'generate',
    ...common,
    ...drawingOf(fields),
    ...sizeOf(fields),
    ...present('only', only),
    ...(styleReferences.length > 0 && { styleReferences }),
  });
}

function masked(operation: 'inpaint' | 'generateBackground') {
  return (fields: OwnFields, common: CommonPart, { image, mask }: RoutePictures): ImageRequest => ({
    operation,
    ...common,
    ...drawingOf(fields),
    image: needed(image),
    mask: needed(mask),
  });
}

function retouching(operation: RetouchRequest['operation']) {
  return (_fields: OwnFields, common: CommonPart, { image }: RoutePictures): ImageRequest => ({
    operation,
    ...common,
    image: needed(image),
  });
}

function outpaint(fields: OwnFields, common: CommonPart, { image }: RoutePictures): ImageRequest {
  return {
    operation: 'outpaint',
    ...common,
    ...drawingOf(fields),
    image: needed(image),
    expand: {
      ...present('left', fields.expand_left),
      ...present('right', fields.expand_right),
      ...present('top', fields.expand_top),
      ...present('bottom', fields.expand_bottom),
    },
    ...sizeOf(fields),
    ...present('zoomOutPercentage', fields.zoom_out_percentage),
  };
}

/** Every route of Recraft's that answers with pictures, but for `generations`, which OpenAI's dialect shares (§2). */
export const PICTURE_ROUTES: readonly PictureRoute[] = [
  {
    paths: ['generations/raster'],
    operation: 'generate',
    output: 'raster',
    summary: 'Make raster pictures from words.',
    dto: RecraftGenerateDto,
    slots: [REFERENCES],
    fields: [...DRAWING, 'size'],
    build: generating('raster'),
  },
  {
    paths: ['generations/vector'],
    operation: 'generate',
    output: 'vector',
    summary: 'Make vector pictures from words.',
    dto: RecraftGenerateDto,
    slots: [REFERENCES],
    fields: [...DRAWING, 'size'],
    build: generating('vector'),
  },
  {
    paths: ['imageToImage'],
    operation: 'imageToImage',
    summary: 'Change a picture by words.',
    dto: ImageToImageDto,
    slots: [IMAGE],
    fields: [...DRAWING, 'strength'],
    build: (fields: OwnFields, common, { image }) => ({
      operation: 'imageToImage',
      ...common,
      ...drawingOf(fields),
      image: needed(image),
      strength: fields.strength ?? 0,
    }),
  },
  {
    paths: ['inpaint'],
    operation: 'inpaint',
    summary: 'Draw anew what the mask shows in white.',
    dto: InpaintDto,
    slots: [MASK, IMAGE],
    fields: DRAWING,
    build: masked('inpaint'),
  },
  {
    paths: ['outpaint'],
    operation: 'outpaint',
    summary: 'Draw around a picture.',
    dto: OutpaintDto,
    slots: [IMAGE],
    fields: [...DRAWING, ...FRAME],
    build: outpaint,
  },
  {
    paths: ['replaceBackground'],
    operation: 'replaceBackground',
    summary: 'Draw a new background behind what the picture shows.',
    dto: InpaintDto,
    slots: [IMAGE],
    fields: DRAWING,
    build: (fields: OwnFields, common, { image }) => ({
      operation: 'replaceBackground',
      ...common,
      ...drawingOf(fields),
      image: needed(image),
    }),
  },
  {
    paths: ['generateBackground'],
    operation: 'generateBackground',
    summary: 'Draw a background where the mask is white.',
    dto: InpaintDto,
    slots: [MASK, IMAGE],
    fields: DRAWING,
    build: masked('generateBackground'),
  },
  {
    paths: ['variateImage'],
    operation: 'variate',
    summary: 'Make pictures like a picture.',
    dto: VariateDto,
    slots: [IMAGE],
    fields: ['n', 'size', 'random_seed'],
    build: (fields: OwnFields, common, { image }) => ({
      operation: 'variate',
      ...common,
      image: needed(image),
      ...sizeOf(fields),
    }),
  },
  {
    paths: ['explore'],
    operation: 'explore',
    summary: 'Make a set of sketches from words.',
    dto: ExploreDto,
    slots: [],
    fields: ['prompt', 'size', 'controls'],
    build: (fields: OwnFields, common) => ({
      operation: 'explore',
      ...common,
      prompt: fields.prompt ?? '',
      ...sizeOf(fields),
      ...present('controls', fields.controls),
    }),
  },
  {
    paths: ['explore/similar'],
    operation: 'exploreSimilar',
    summary: 'Make sketches like one of an earlier set.',
    dto: ExploreSimilarDto,
    slots: [],
    fields: ['source_image_id', 'similarity'],
    build: (fields: OwnFields, common) => ({
      operation: 'exploreSimilar',
      ...common,
      sourceImageId: fields.source_image_id ?? '',
      similarity: fields.similarity ?? 0,
    }),
  },
  {
    paths: ['vectorize'],
    operation: 'vectorize',
    summary: 'Turn a raster picture into a vector one.',
    dto: VectorizeDto,
    slots: [IMAGE],
    fields: [],
    build: retouching('vectorize'),
  },
  {
    paths: ['removeBackground'],
    operation: 'removeBackground',
    summary: 'Make the background transparent.',
    dto: RetouchDto,
    slots: [IMAGE],
    fields: [],
    build: retouching('removeBackground'),
  },
  {
    paths: ['crispUpscale', 'clarityUpscale'],
    operation: 'crispUpscale',
    summary: 'Make a picture larger and sharper.',
    dto: RetouchDto,
    slots: [IMAGE],
    fields: [],
    build: retouching('crispUpscale'),
  },
  {
    paths: ['creativeUpscale', 'generativeUpscale'],
    operation: 'creativeUpscale',
    summary: 'Make a picture larger, with details drawn anew.',
    dto: RetouchDto,
    slots: [IMAGE],
    fields: [],
    build: retouching('creativeUpscale'),
  },
  {
    paths: ['enhance', 'refineDetails'],
    operation: 'enhance',
    summary: 'Draw the details of a picture anew.',
    dto: EnhanceDto,
    slots: [IMAGE],
    fields: [],
    build: retouching('enhance'),
  },
  {
    paths: ['eraseRegion'],
    operation: 'eraseRegion',
    summary: 'Take away what the mask shows in white.',
    dto: EraseRegionDto,
    slots: [MASK, IMAGE],
    fields: [],
    build: (_fields, common, { image, mask }) => ({
      operation: 'eraseRegion',
      ...common,
      image: needed(image),
      mask: needed(mask),
    }),
  },
];
