import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

const DESCRIPTION = `One address for pictures from Recraft.

Speak OpenAI's images API: any OpenAI client works by changing its base URL to this gateway's \`/v1\`.
Each route also answers without the \`/v1\` prefix.

**To try it here:** press *Authorize*, enter your key, open a route and press *Try it out*.

**Models:** a configured name, \`recraft/<model>\` for any Recraft model, or one of OpenAI's names that clients
hard-code (\`gpt-image-1\`, \`dall-e-3\`). \`GET /v1/models\` lists them.

**Errors** have OpenAI's shape on every route: \`{"error": {"message", "type", "param", "code"}}\`.`;

/** Routes that also answer without \`/v1\` are documented once. */
const TWINS_OF_V1 = /^\/(images|models|model)\//;

/** The OpenAPI document, made from the controllers and DTOs. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Image Gateway')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The master key, or a key made for you.' })
    .addTag('Images', 'Make and change pictures.')
    .addTag('Models', 'What can draw them.')
    .addTag('Health', 'Probes, and the state of the accounts.')
    .addTag('Operations', 'For those who run the gateway.')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (_controller, method) => method,
  });
  document.paths = Object.fromEntries(
    Object.entries(document.paths)
      .filter(([path]) => path !== '/models' && !TWINS_OF_V1.test(path))
      .map(([path, item]) => [withNamedSegments(path), item]),
  );
  return document;
}

/** Express writes a segment that may hold slashes as `*model`, OpenAPI has only `{model}`. */
function withNamedSegments(path: string): string {
  return path.replaceAll(/\*(\w+)/g, '{$1}');
}
