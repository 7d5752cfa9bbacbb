import type { Schema } from './edit-bodies.js';

/**
 * The fields of bodies and answers as a reader wants to meet them: what everybody needs first, what is accepted and not
 * forwarded last. Left to itself, the document lists decorated fields before the others.
 */
const FIELDS = [
  ...[
    'image',
    'images',
    'image_url',
    'style_references',
    'prompt',
    'model',
    'n',
    'size',
    'strength',
    'response_format',
    'stream',
  ],
  ...[
    'style',
    'substyle',
    'style_id',
    'style_reference_urls',
    'style_match',
    'creativity',
    'block_nsfw',
    'negative_prompt',
    'controls',
    'text_layout',
    'random_seed',
  ],
  ...['image_format', 'output_format', 'extra_body'],
  ...['quality', 'background', 'moderation', 'input_fidelity', 'output_compression', 'partial_images'],
  ...['user', 'safety_identifier'],
  ...['text', 'bbox', 'colors', 'background_color', 'artistic_level', 'no_text', 'rgb', 'weight'],
  ...['created', 'data', 'credits', 'url', 'b64_json', 'image_id', 'revised_prompt'],
  ...['message', 'type', 'param', 'code'],
  ...['id', 'object', 'owned_by', 'display_name', 'mode', 'output_cost_per_image', 'output', 'sizes'],
];

const places: ReadonlyMap<string, number> = new Map(FIELDS.map((name, index) => [name, index]));

/** The schema with its fields in reading order; those that are not listed come last, in the order they had. */
export function inReadingOrder({ properties = {}, ...schema }: Schema): Schema {
  const place = ([name]: [string, unknown]): number => places.get(name) ?? places.size;
  return { ...schema, properties: Object.fromEntries(Object.entries(properties).sort((a, b) => place(a) - place(b))) };
}
