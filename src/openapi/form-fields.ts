import type { OpenAPIObject } from '@nestjs/swagger';
import type { Schema } from './edit-bodies.js';

/** Optional fields that Swagger UI may fill in, so that a form with a picture can be sent as it stands. */
const FILLED_IN: ReadonlySet<string> = new Set(['strength', 'response_format']);

/** What cannot be left out although no single field is required: how a picture is to grow. */
const FILLED_IN_TOO: Readonly<Record<string, readonly string[]>> = { outpaint: ['size'] };

type AnySchema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];
type Schemas = Readonly<Record<string, AnySchema>>;
type Item = OpenAPIObject['paths'][string];
type Operation = NonNullable<Item['post']>;

const FORM = 'multipart/form-data';

/**
 * The document for Swagger UI, which fills every field of a form with its example, or with the word "string", and sends
 * them all. Here the optional ones are empty, which it leaves out, and their examples stand in their descriptions. JSON
 * bodies share their schemas with forms and keep them as they are.
 */
export function withEmptyFormFields(document: OpenAPIObject): OpenAPIObject {
  const schemas: Schemas = document.components?.schemas ?? {};
  const paths = Object.entries(document.paths).map(([path, item]): [string, Item] => [
    path,
    item.post === undefined ? item : { ...item, post: withEmptyForm(item.post, schemas) },
  ]);
  return { ...document, paths: Object.fromEntries(paths) };
}

function withEmptyForm(operation: Operation, schemas: Schemas): Operation {
  const body = operation.requestBody;
  if (body === undefined || '$ref' in body) return operation;
  const schema = body.content[FORM]?.schema;
  if (schema === undefined) return operation;
  const filled = FILLED_IN_TOO[operation.operationId ?? ''] ?? [];
  const form = { schema: emptyForm(wholeOf(schema, schemas), new Set([...FILLED_IN, ...filled])) };
  return { ...operation, requestBody: { ...body, content: { ...body.content, [FORM]: form } } };
}

/** A schema in one piece: Swagger UI's forms are made of schemas that refer to the DTO's. */
function wholeOf(schema: AnySchema, schemas: Schemas): Schema {
  if ('$ref' in schema) return wholeOf(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, schemas);
  const { allOf, ...whole } = schema;
  if (allOf === undefined) return whole;
  const parts = allOf.map((part) => wholeOf(part, schemas));
  return {
    ...whole,
    type: 'object',
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)) as NonNullable<Schema['properties']>,
    required: parts.flatMap(({ required = [] }) => required),
  };
}

function emptyForm(form: Schema, filledIn: ReadonlySet<string>): Schema {
  const required = new Set(form.required);
  const properties = Object.entries(form.properties ?? {}).map(([name, field]) => [
    name,
    required.has(name) || filledIn.has(name) ? field : emptied(field),
  ]);
  return { ...form, properties: Object.fromEntries(properties) as NonNullable<Schema['properties']> };
}

/** What has more in it than one value is written as JSON: a field of text, which can be empty. */
function emptied(field: AnySchema): Schema {
  if (!('$ref' in field || 'allOf' in field || field.type === 'object' || field.type === 'array')) {
    return emptiedValue(field);
  }
  const { description = '' } = field as Schema;
  return { type: 'string', description: `${description} As JSON text.`, example: '' };
}

function emptiedValue({ default: _default, example, description = '', ...field }: Schema): Schema {
  const hint = example === undefined || example === '' ? '' : ` For example \`${String(example)}\`.`;
  return { ...field, description: description + hint, example: '' };
}
