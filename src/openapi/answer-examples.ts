import type { OpenAPIObject } from '@nestjs/swagger';
import type { Schema } from './edit-bodies.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
type AnySchema = Schemas[string];
type Paths = OpenAPIObject['paths'];
type Responses = NonNullable<Paths[string]['get']>['responses'];
type Response = NonNullable<Responses[string]>;

const METHODS = ['get', 'post', 'put', 'delete'] as const;

/** Values of fields whose name and format say enough. */
const BY_FORMAT: Readonly<Record<string, string>> = {
  uuid: '1f9a4c1e-8c2b-4f0e-9a57-2d6f3a1b5c77',
  'date-time': '2026-11-27T09:30:00.000Z',
  email: 'pictures@example.com',
};

/**
 * Gives every successful JSON answer that has none an example, made of the examples of its fields. Swagger UI would make
 * one as well; readers and generators of other tools have only what the document says.
 */
export function withAnswerExamples(paths: Paths, schemas: Schemas): Paths {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => {
      const described = METHODS.flatMap((method) => {
        const operation = item[method];
        return operation ? [[method, { ...operation, responses: exemplary(operation.responses, schemas) }]] : [];
      });
      return [path, { ...item, ...(Object.fromEntries(described) as typeof item) }];
    }),
  );
}

function exemplary(responses: Responses, schemas: Schemas): Responses {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      status.startsWith('2') && response ? withExample(response, schemas) : response,
    ]),
  );
}

function withExample(response: Response, schemas: Schemas): Response {
  if ('$ref' in response) return response;
  const json = response.content?.['application/json'];
  if (!json?.schema || json.example !== undefined || json.examples) return response;
  const example = exampleOf(json.schema, schemas);
  return { ...response, content: { ...response.content, 'application/json': { ...json, example } } };
}

/** A value of a schema: its own example, or one made of its parts. */
function exampleOf(schema: AnySchema, schemas: Schemas): unknown {
  if ('$ref' in schema) return exampleOf(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, schemas);
  if (schema.example !== undefined) return schema.example;
  const [part] = schema.allOf ?? schema.oneOf ?? schema.anyOf ?? [];
  if (part) return exampleOf(part, schemas);
  if (schema.type === 'array') return schema.items ? [exampleOf(schema.items, schemas)] : [];
  if (schema.type === 'object') return exampleOfObject(schema, schemas);
  return simplest(schema);
}

/** What is optional and has no example of its own stays away. */
function exampleOfObject({ properties = {}, required = [] }: Schema, schemas: Schemas): Record<string, unknown> {
  const shown = Object.entries(properties).filter(
    ([name, field]) => required.includes(name) || '$ref' in field || field.example !== undefined,
  );
  return Object.fromEntries(shown.map(([name, field]) => [name, exampleOf(field, schemas)]));
}

function simplest({ type, format, enum: values, nullable }: Schema): unknown {
  if (values) return values[0] as unknown;
  if (nullable) return null;
  if (type === 'boolean') return true;
  if (type === 'integer' || type === 'number') return 1;
  return BY_FORMAT[format ?? ''] ?? '';
}
