import type { Fields, FilePart } from './body.js';
import { Parameters } from './parameters.js';
import { Refusal } from './answer.js';

/** A picture in a request: bytes of a form's part, or a URL. */
export type SourceRef = FilePart | { readonly url: string };

/** How pictures come back (recraft-api.md §4.2). */
export type ResponseFormat = 'url' | 'b64_json' | 'multipart';

const FORMATS = ['url', 'b64_json', 'multipart'] as const;
const SIDES = ['left', 'right', 'top', 'bottom'];

/** What a request for pictures asks, its types checked and nothing else. */
export interface Order {
  readonly prompt: string;
  readonly model: string | undefined;
  readonly count: number;
  readonly size: string | undefined;
  readonly style: string | undefined;
  readonly substyle: string | undefined;
  readonly styleId: string | undefined;
  readonly styleMatch: string | undefined;
  readonly calculatesFeatures: boolean;
  readonly negativePrompt: string | undefined;
  readonly seed: number;
  readonly responseFormat: ResponseFormat;
  readonly imageFormat: 'webp' | 'png';
  readonly controls: unknown;
  readonly textLayout: unknown;
  readonly strength: number | undefined;
  /** The picture to start from: a form's first file whatever its field is called, or `image_url`. */
  readonly source: SourceRef | undefined;
  /** What is to be drawn anew or taken away, in white. */
  readonly mask: SourceRef | undefined;
  /** Pixels to add on the left, on the right, above and below. */
  readonly expand: readonly number[];
  readonly zoomOutPercentage: number;
  /** Pictures to take the style from. */
  readonly references: readonly SourceRef[];
}

/**
 * Reads the fields of recraft-api.md §5.1 and §5.2; fields it does not know are ignored, as Recraft does.
 *
 * @throws Refusal for a value of the wrong type
 */
export function readOrder(fields: Fields): Order {
  const parameters = new Parameters(fields);
  const url = parameters.text('image_url');
  const maskUrl = parameters.text('mask_url');
  return {
    prompt: parameters.text('prompt') ?? '',
    model: parameters.text('model'),
    count: parameters.integer('n') ?? 1,
    size: parameters.text('size'),
    style: parameters.text('style'),
    substyle: parameters.text('substyle'),
    styleId: parameters.text('style_id'),
    styleMatch: parameters.text('style_match'),
    calculatesFeatures: parameters.boolean('calculate_features') ?? false,
    negativePrompt: parameters.text('negative_prompt'),
    // Recraft throws dice here; the sandbox draws the same for the same words, so that a demonstration can be repeated.
    seed: within(parameters.integer('random_seed') ?? 0, 2 ** 32 - 1),
    responseFormat: oneOf('response_format', parameters.text('response_format') ?? 'url', FORMATS),
    imageFormat: oneOf('image_format', parameters.text('image_format') ?? 'webp', ['webp', 'png']),
    controls: parameters.nested('controls'),
    textLayout: parameters.nested('text_layout'),
    strength: parameters.number('strength'),
    source: fields.files.find(({ field }) => field !== 'mask') ?? (url === undefined ? undefined : { url }),
    mask: fields.files.find(({ field }) => field === 'mask') ?? (maskUrl === undefined ? undefined : { url: maskUrl }),
    expand: SIDES.map((side) => parameters.integer(`expand_${side}`) ?? 0),
    zoomOutPercentage: parameters.number('zoom_out_percentage') ?? 0,
    references: [...fields.files, ...parameters.texts('style_reference_urls').map((reference) => ({ url: reference }))],
  };
}

function within(seed: number, largest: number): number {
  if (seed < 0 || seed > largest) throw new Refusal(`Parameter 'random_seed' must be between 0 and ${largest}`);
  return seed;
}

function oneOf<Value extends string>(name: string, value: string, allowed: readonly Value[]): Value {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Refusal(`Parameter '${name}' must be one of ${allowed.join(', ')}`);
  return found;
}
