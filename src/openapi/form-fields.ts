import type { OpenAPIObject } from '@nestjs/swagger';
import { FORM, type Schema } from './edit-bodies.js';
import { GENERATION_FORM } from './generation-bodies.js';

/** Optional fields that Swagger UI may fill in, so that a form with a picture can be sent as it stands. */
const FILLED_IN: ReadonlySet<string> = new Set(['model', 'n', 'strength', 'response_format']);

/**
 * The document for Swagger UI, which fills every field of a form with its example, or with the word "string", and sends
 * them all. Here the optional ones are empty, which it leaves out, and their examples stand in their descriptions.
 */
export function withEmptyFormFields(document: OpenAPIObject): OpenAPIObject {
  const schemas = document.components?.schemas as Record<string, Schema>;
  const forms = [FORM, GENERATION_FORM].flatMap((name) => {
    const form = schemas[name];
    return form === undefined ? [] : [[name, emptiedForm(form)] as const];
  });
  return {
    ...document,
    components: { ...document.components, schemas: { ...schemas, ...Object.fromEntries(forms) } },
  };
}

function emptiedForm(form: Schema): Schema {
  const required = new Set(form.required);
  const properties = Object.fromEntries(
    Object.entries(form.properties as Record<string, Schema>).map(([name, field]) => [
      name,
      required.has(name) || FILLED_IN.has(name) ? field : emptied(field),
    ]),
  );
  return { ...form, properties };
}

function emptied({ default: _default, example, description = '', ...field }: Schema): Schema {
  const hint = example === undefined ? '' : ` For example \`${String(example)}\`.`;
  return { ...field, description: description + hint, example: '' };
}
