import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from './app.setup.js';
import { readSettings } from './config/read-settings.js';
import { SettingsError } from './config/settings-error.js';
import type { Settings } from './config/settings.js';
import { DatabaseStartError, openDatabase } from './database/open-database.js';
import { GoingDown } from './shutdown/going-down.js';
import { createLogger } from './telemetry/logger.js';
import { dropStartUpGarbage } from './memory/buffer-garbage.js';

/**
 * Reads the settings, builds the gateway and lets it listen. Every problem with the settings is listed before exit 1.
 * A parent process that has a channel to this one is told when the gateway is ready, and ends it by going away.
 */
export async function runGateway(environment: NodeJS.ProcessEnv): Promise<void> {
  const settings = settingsOrExit(environment);
  const app = await createOrExit(settings);
  try {
    await app.listen(settings.server.port, settings.server.host);
  } catch (error) {
    console.error(
      `image-gateway cannot listen on ${settings.server.host}:${settings.server.port}: ${(error as Error).message}`,
    );
    process.exit(1);
  }
  goDownWhenTold(app, settings.server);
  dropStartUpGarbage();
  announce(app, settings);
}

function settingsOrExit(environment: NodeJS.ProcessEnv): Settings {
  try {
    return readSettings(environment);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** Brings the schema of the database up to date, and nothing else: for a job that runs before a roll-out. */
export async function runMigrations(environment: NodeJS.ProcessEnv): Promise<void> {
  const settings = settingsOrExit(environment);
  try {
    const database = await openDatabase(settings.database, createLogger(settings.logLevel));
    console.log(database ? 'The schema is up to date.' : 'There is no database (DATABASE_URL=none).');
    await database?.close();
  } catch (error) {
    exitWithoutDatabase(error);
  }
}

async function createOrExit(settings: Settings): Promise<NestExpressApplication> {
  try {
    return await createApp(settings);
  } catch (error) {
    return exitWithoutDatabase(error);
  }
}

function exitWithoutDatabase(error: unknown): never {
  if (!(error instanceof DatabaseStartError)) throw error;
  console.error(`image-gateway: ${error.message}`);
  process.exit(1);
}

function announce(app: NestExpressApplication, { server: { host } }: Settings): void {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (!process.send) {
    console.log(`image-gateway listens on ${url}, docs at ${url}/docs`);
    return;
  }
  process.send({ ready: true, url });
  process.once('disconnect', () => {
    process.kill(process.pid, 'SIGINT');
  });
}

/**
 * SIGTERM: a load balancer is given time to learn of it, and answers under way are finished. SIGINT, and a parent that is
 * gone: the same without the grace, for nobody is to be told. What is not finished in time is cut off, with exit code 1.
 */
function goDownWhenTold(app: NestExpressApplication, { shutdownGraceMs, shutdownTimeoutMs }: Settings['server']): void {
  let isGoing = false;
  const goDown = async (graceMs: number): Promise<void> => {
    if (isGoing) return;
    isGoing = true;
    setTimeout(() => process.exit(1), graceMs + shutdownTimeoutMs).unref();
    await app.get(GoingDown).begin(graceMs);
    await app.close();
    process.exit(0);
  };
  const onSignal = (signal: NodeJS.Signals, graceMs: number): void => {
    process.on(signal, () => {
      goDown(graceMs).catch((error: unknown) => {
        console.error(error);
        process.exit(1);
      });
    });
  };
  onSignal('SIGTERM', shutdownGraceMs);
  onSignal('SIGINT', 0);
}
