import type { NestExpressApplication } from '@nestjs/platform-express';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { Express, Request } from 'express';
import helmet from 'helmet';
import { describeApi } from './document.js';

/** A path prefix as a proxy names it: segments of plain characters, or it is not believed. */
const PREFIX = /^(\/[\w.~-]+)+$/;

/** Serves Swagger UI at `/docs` and the document at `/openapi.json`; `/` leads there. */
export function serveDocs(app: NestExpressApplication): void {
  app.use('/docs', helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }));
  SwaggerModule.setup('docs', app, () => describeApi(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Image Gateway',
    patchDocumentOnRequest: (request, _response, document) => behind(prefixOf(request as Request), document),
    swaggerOptions: { persistAuthorization: true, tryItOutEnabled: true, displayRequestDuration: true },
  });
  (app.getHttpAdapter().getInstance() as Express).get('/', (request, response) => {
    response.redirect(`${prefixOf(request)}/docs`);
  });
}

/** Where a proxy serves the gateway under a path of its own, "Try it out" has to call that path. */
function behind(prefix: string, document: OpenAPIObject): OpenAPIObject {
  return prefix === '' ? document : { ...document, servers: [{ url: prefix }] };
}

function prefixOf(request: Request): string {
  const prefix = request.headers['x-forwarded-prefix'];
  return typeof prefix === 'string' && PREFIX.test(prefix) ? prefix : '';
}
