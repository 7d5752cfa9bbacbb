import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { readSettings } from '../config/read-settings.js';
import type { AccountOptions } from './sdk.types.js';

const gateways = new Map<string, Promise<INestApplicationContext>>();

/**
 * The pipeline for an account, made at its first use and kept: its connections are worth keeping too. The rest of the
 * environment is read then. Idle connections do not keep the process alive.
 *
 * @throws SettingsError naming every variable that is missing or wrong
 */
export function gatewayFor({ api_key, api_base }: AccountOptions): Promise<INestApplicationContext> {
  const environment = {
    // A library has no main() that could hand it the environment.
    ...process.env,
    ...(api_key !== undefined && { RECRAFT_API_KEY: api_key }),
    ...(api_base !== undefined && { RECRAFT_API_BASE: api_base }),
  };
  const account = `${environment.RECRAFT_API_BASE ?? ''} ${environment.RECRAFT_API_KEY ?? ''}`;
  let gateway = gateways.get(account);
  if (!gateway) {
    gateway = start(environment);
    gateways.set(account, gateway);
    gateway.catch(() => gateways.delete(account)); // The caller sees the failure; the next call tries again.
  }
  return gateway;
}

/** In one's own process nobody asks for a key, and nobody expects a log. */
async function start(environment: NodeJS.ProcessEnv): Promise<INestApplicationContext> {
  const settings = readSettings({
    LOG_LEVEL: 'silent',
    ...environment,
    MASTER_KEY: environment['MASTER_KEY'] ?? randomUUID(),
    // A library keeps no books.
    DATABASE_URL: 'none',
    // Nobody collects from it, and traces are the program's own business.
    METRICS_PORT: undefined,
    OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
  });
  return NestFactory.createApplicationContext(AppModule.with(settings), { logger: false, abortOnError: false });
}
