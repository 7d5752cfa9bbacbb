import type { NestExpressApplication } from '@nestjs/platform-express';
import { NestFactory } from '@nestjs/core';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import type { Settings } from './config/settings.js';
import { browserAccess } from './cors.js';
import { allowedMethodsOf } from './errors/allowed-methods.js';
import { refusesLongUrl } from './errors/long-url.js';
import { GatewayErrorFilter } from './errors/gateway-error.filter.js';
import { FastExpressAdapter } from './fast-express.adapter.js';
import { serveDocs } from './openapi/docs.js';
import { GoingDown } from './shutdown/going-down.js';
import { baseHeaders } from './telemetry/base-headers.js';
import { Tracing } from './telemetry/call-trace.js';
import { LOGGER, NestLog } from './telemetry/logger.js';
import { Metrics } from './telemetry/metrics.js';
import { requestLog } from './telemetry/request-log.js';
import { DtoPipe } from './validation/dto.pipe.js';

/** Longer than the idle time of load balancers in front (60 s as a rule), or they would use a connection just closed. */
const KEEP_ALIVE_MS = 65_000;

/** Whether answers to a POST there have `baseHeaders` without middleware: Recraft's operations, whose answers are written whole. */
const bringsHeadersAlong = (path: string): boolean => /^\/(?:v1\/)?(?:images|prompts|colors|styles)(?:\/|$)/.test(path);

/** Builds the gateway as it is shipped; the caller lets it listen. Tests build it the same way. */
export async function createApp(settings: Settings): Promise<NestExpressApplication> {
  const adapter = new FastExpressAdapter(settings.server, bringsHeadersAlong);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(settings), adapter, {
    // Bodies are read by the routes themselves, after the key was checked and within their own limits.
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  const logger = app.get<Logger>(LOGGER);
  app.useLogger(new NestLog(logger));
  for (const warning of settings.warnings) logger.warn(warning);

  app.disable('x-powered-by');
  app.disable('etag');
  const log = requestLog(logger, app.get(Metrics), app.get<Tracing | undefined>(Tracing));
  const goingDown = app.get(GoingDown);
  const answerBrowser = browserAccess(settings.server.corsOrigins);
  adapter.seeFirst((request, response) => {
    log(request, response);
    return (
      goingDown.seeFirst(request, response) || refusesLongUrl(request, response) || answerBrowser(request, response)
    );
  });
  // Answers that Nest or Express write; pictures and errors bring these headers along.
  app.use(({ call }: Request, response: Response, next: NextFunction) => {
    const headers = baseHeaders(call);
    for (let at = 0; at < headers.length; at += 2) response.setHeader(headers[at] ?? '', headers[at + 1] ?? '');
    next();
  });
  app.useGlobalPipes(new DtoPipe());
  app.useGlobalFilters(new GatewayErrorFilter(logger, allowedMethodsOf(app.getHttpAdapter().getInstance())));
  serveDocs(app);

  const server = app.getHttpServer();
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return app;
}
