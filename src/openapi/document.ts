import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { withAnswerExamples } from './answer-examples.js';
import { editBodies, type RequestBody, type Schema } from './edit-bodies.js';
import { generationBody, generationForm } from './generation-bodies.js';
import { pictureBody } from './picture-bodies.js';
import { inReadingOrder } from './reading-order.js';
import { withExamples } from './recraft-examples.js';

/** Where the dialects and the keys are documented by those who made them. */
const OPENAI = 'https://platform.openai.com/docs/api-reference/images';
const RECRAFT = 'https://www.recraft.ai/docs';
const LITELLM_KEYS = 'https://docs.litellm.ai/docs/proxy/virtual_keys';

const DESCRIPTION = `One address for pictures from Recraft.

It speaks [OpenAI's images API](${OPENAI}): any OpenAI client works by changing its base URL to this gateway's \`/v1\`.
It speaks [Recraft's API](${RECRAFT}) as well.
Each route also answers without the \`/v1\` prefix.

**To try it here:** press *Authorize*, enter your key, open a route and press *Execute*.

**Models:** a configured name, \`recraft/<model>\` for any Recraft model, or one of OpenAI's names that clients
hard-code (\`gpt-image-1\`, \`dall-e-3\`). \`GET /v1/models\` lists them.

**Fields:** OpenAI's that Recraft has no counterpart of are accepted and listed in the header \`x-ignored-params\`.
Fields that are not documented here go to Recraft as they are.

**Errors** have OpenAI's shape on every route: \`{"error": {"message", "type", "param", "code"}}\`.

**For generators of clients:** this document is at [openapi.json](openapi.json).`;

const KEY = `The master key. Where \`Authorization\` is taken, the key can also come bare in one of the headers
\`x-api-key\`, \`api-key\` and \`x-litellm-api-key\`.`;

/** Routes that answer under two paths are documented once. */
const TWINS = /^\/(images|models|model|styles|prompts|colors|users|usage)(\/|$)|^\/health\/liveness$|^\/v1\/status$/;

/** Azure's paths carry the model: they are routes of their own to a reader, and share their method here. */
const AZURE = '/openai/deployments/';

const MODEL_IN_PATH = {
  name: 'model',
  in: 'path' as const,
  required: true,
  description: "The model's name, which wins over the body's; its slash may be encoded or not.",
  schema: { type: 'string' },
  example: 'recraft/recraftv3',
};

/** Bodies whose unknown fields go to Recraft, answers with whatever Recraft adds, and an operator's own fields. */
const TAKES_MORE: ReadonlySet<string> = new Set([
  'GenerateImageDto',
  'GenerateImageForm',
  'EditImageForm',
  'EditImageJson',
  'LitellmParamsDto',
  'PictureDto',
  'ImagesAnswerDto',
]);

/** Bodies that change something: `null` takes a value away, so every field that can be left out can be null. */
const TAKES_AWAY: ReadonlySet<string> = new Set(['UpdateKeyDto', 'RegenerateKeyDto', 'UpdateTeamDto']);

/** Recraft's former names of crispUpscale, creativeUpscale and enhance (recraft-api.md §2). */
const OLD_NAMES: ReadonlySet<string> = new Set(['clarityUpscale', 'generativeUpscale', 'refineDetails']);

type Operation = NonNullable<OpenAPIObject['paths'][string]['post']>;

/** The OpenAPI document, made from the controllers and DTOs. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const { paths, components, ...rest } = SwaggerModule.createDocument(app, frame(), {
    operationIdFactory: (_controller, method) => method,
  });
  const { EditImageDto, ...schemas } = components?.schemas as Record<string, Schema>;
  const edit = editBodies(EditImageDto ?? {});
  const generation = generationForm(schemas['GenerateImageDto'] ?? {});
  const described = describeSchemas({ ...schemas, ...generation, ...edit.schemas });
  return withPlainNames({
    ...rest,
    paths: withAnswerExamples(describePaths(paths, edit.requestBody), described),
    components: { ...components, schemas: described },
  });
}

function frame(): Omit<OpenAPIObject, 'paths'> {
  const openAi = { description: "OpenAI's reference", url: OPENAI };
  const recraft = { description: "Recraft's documentation", url: RECRAFT };
  const keys = { description: 'The same routes in LiteLLM', url: LITELLM_KEYS };
  return new DocumentBuilder()
    .setOpenAPIVersion('3.0.3')
    .setTitle('Image Gateway')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .setExternalDoc("Recraft's documentation", RECRAFT)
    .addServer('/')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'API key', description: KEY })
    .addTag('Images: OpenAI dialect', "Make and change pictures with OpenAI's fields.", openAi)
    .addTag('Images: Recraft dialect', 'Everything Recraft can do, with its own names and shapes.', recraft)
    .addTag('Styles', 'Styles made from pictures.', recraft)
    .addTag('Account', 'The account at Recraft.')
    .addTag('Models', 'What can draw them.')
    .addTag('Keys', 'Who may call, what, and for how much. With the master key.', keys)
    .addTag('Teams', 'Keys with a budget and limits in common. With the master key.', keys)
    .addTag('Spend', 'Who spent what.')
    .addTag('Health', 'Probes, and the state of the accounts.')
    .addTag('Operations', 'For those who run the gateway.')
    .build();
}

function describePaths(paths: OpenAPIObject['paths'], edit: RequestBody): OpenAPIObject['paths'] {
  const documented = Object.entries(paths).filter(([path]) => !TWINS.test(path));
  return Object.fromEntries(
    documented.map(([path, { post, ...item }]) => {
      // Express writes a segment that may hold slashes as `*model`, OpenAPI has only `{model}`.
      const template = path.replaceAll(/\*(\w+)/g, '{$1}');
      if (post === undefined) return [template, item];
      const body = bodyOf(path, post.requestBody, edit);
      const operation = withOwnId(path, { ...post, ...(body && { requestBody: body }) });
      return [template, { ...item, post: path.startsWith(AZURE) ? inAzurePath(operation) : operation }];
    }),
  );
}

function bodyOf(path: string, own: RequestBody | undefined, edit: RequestBody): RequestBody | undefined {
  if (path.endsWith('/edits')) return edit;
  if (own && path.endsWith('/images/generations')) return generationBody(own);
  const body = pictureBody(path) ?? own;
  return body && withExamples(path, body);
}

/** Older names of a route are operations of their own to a reader, and not to be used any more. */
function withOwnId(path: string, operation: Operation): Operation {
  const name = path.split('/').at(-1) ?? '';
  if (!OLD_NAMES.has(name)) return operation;
  return { ...operation, operationId: name, deprecated: true };
}

function inAzurePath(operation: Operation): Operation {
  return {
    ...operation,
    operationId: `${operation.operationId ?? ''}InDeployment`,
    summary: `${operation.summary ?? ''} Azure's path, with the model in it.`,
    parameters: [MODEL_IN_PATH],
  };
}

function describeSchemas(schemas: Record<string, Schema>): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const ordered = inReadingOrder(TAKES_AWAY.has(name) ? withNulls(schema) : schema);
      return [name, TAKES_MORE.has(name) ? { ...ordered, additionalProperties: true } : ordered];
    }),
  );
}

function withNulls({ properties = {}, required = [], ...schema }: Schema): Schema {
  const fields = Object.entries(properties).map(([name, field]) => [
    name,
    required.includes(name) ? field : { ...field, nullable: true },
  ]);
  const changed = { ...schema, properties: Object.fromEntries(fields) as typeof properties };
  return required.length === 0 ? changed : { ...changed, required };
}

/** Readers and generated clients have no use for our suffix of DTO classes. */
function withPlainNames(document: OpenAPIObject): OpenAPIObject {
  const { schemas = {} } = document.components ?? {};
  const plain = Object.entries(schemas).map(([name, schema]) => [name.replace(/Dto$/, ''), schema]);
  const renamed = {
    ...document,
    components: { ...document.components, schemas: Object.fromEntries(plain) as typeof schemas },
  };
  return JSON.parse(JSON.stringify(renamed).replaceAll(/("#\/components\/schemas\/\w+?)Dto"/g, '$1"')) as OpenAPIObject;
}
