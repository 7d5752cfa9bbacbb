import { GENERATION_SLOTS } from '../images/openai/edit-slots.js';
import { formFields, type RequestBody, type Schema } from './edit-bodies.js';

/** The form of a generation among the document's schemas. */
export const GENERATION_FORM = 'GenerateImageForm';

/** The schemas of a generation's bodies beside its DTO: a form brings the pictures whose style is taken over. */
export function generationForm(dto: Schema): Record<string, Schema> {
  // In a form the pictures are files, and not both.
  const { style_reference_urls: _links, ...fields } = dto.properties ?? {};
  const files = GENERATION_SLOTS.map(({ name, purpose, most }): [string, Schema] => [
    name,
    {
      type: 'string',
      format: 'binary',
      description:
        `A picture: ${purpose}. PNG, JPEG or WebP, at most 10 MiB, sides of 256 to 4,096 pixels. ` +
        `Repeat the field for more, ${most} at most and 64 MiB together; excludes \`style_id\`.`,
    },
  ]);
  return {
    [GENERATION_FORM]: {
      ...dto,
      description: 'A picture to be made from words, in the style of files. Empty fields count as not given.',
      properties: { ...Object.fromEntries(files), ...formFields(fields) },
    },
  };
}

/** The body of a generation: JSON as it is described already, or a form with files. */
export function generationBody(json: RequestBody): RequestBody {
  if ('$ref' in json) throw new Error('A generation has a body of its own.');
  return {
    required: true,
    description:
      'JSON, or a form with pictures whose style is taken over (`style_reference_urls` in JSON). ' +
      'A JSON body has at most 30 MiB with its data URLs (`MAX_JSON_BYTES`): several large pictures go as a form. ' +
      'Fields not listed here go to Recraft as they are.',
    content: {
      ...json.content,
      'multipart/form-data': { schema: { $ref: `#/components/schemas/${GENERATION_FORM}` } },
    },
  };
}
