import type { NestExpressApplication } from '@nestjs/platform-express';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { Request } from 'express';
import helmet from 'helmet';
import { describeApi } from './document.js';
import { withEmptyFormFields } from './form-fields.js';

/** A path prefix as a proxy names it: segments of plain characters, or it is not believed. */
const PREFIX = /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)+$/;

/** What Swagger UI needs: its own files, the styles it writes into the page, and its icons, which are data URLs. */
const PAGE_SECURITY = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // Browsers complain about these two on plain HTTP, which is how a gateway is reached inside a cluster.
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  // Whether a host is always reached by HTTPS is for the proxy that ends the TLS to say.
  strictTransportSecurity: false,
});

/** One page about one API, without a bar to load another; and no tick boxes for empty fields, which count as not given. */
const STYLE = `
  .swagger-ui .topbar { display: none }
  .swagger-ui .info { margin: 30px 0 20px }
  .swagger-ui .parameter__empty_value_toggle { display: none }
`;

/** Serves Swagger UI at `/docs` and the document at `/openapi.json`; `/` leads there. */
export function serveDocs(app: NestExpressApplication): void {
  app.use('/docs', PAGE_SECURITY);
  SwaggerModule.setup('docs', app, () => describeApi(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Image Gateway',
    customCss: STYLE,
    patchDocumentOnRequest: (request, _response, document) => documentFor(request as Request, document),
    swaggerOptions: {
      persistAuthorization: true,
      tryItOutEnabled: true,
      displayRequestDuration: true,
      defaultModelsExpandDepth: 0,
      // Otherwise the page sends its own address to a validator on the internet.
      validatorUrl: null,
    },
  });
  app
    .getHttpAdapter()
    .getInstance()
    .get('/', (request, response) => {
      response.redirect(`${prefixOf(request)}/docs`);
    });
}

function documentFor(request: Request, document: OpenAPIObject): OpenAPIObject {
  const shown = request.path.endsWith('.json') ? document : withEmptyFormFields(document);
  const prefix = prefixOf(request);
  // Where a proxy serves the gateway under a path of its own, "Try it out" has to call that path.
  return prefix === '' ? shown : { ...shown, servers: [{ url: prefix }] };
}

function prefixOf(request: Request): string {
  const prefix = request.headers['x-forwarded-prefix'];
  return typeof prefix === 'string' && PREFIX.test(prefix) ? prefix : '';
}
