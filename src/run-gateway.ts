import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from './app.setup.js';
import { readSettings } from './config/read-settings.js';
import { SettingsError } from './config/settings-error.js';
import type { Settings } from './config/settings.js';
import { DatabaseStartError } from './database/open-database.js';
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
  forceExitAfter(settings.server.shutdownTimeoutMs);
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

async function createOrExit(settings: Settings): Promise<NestExpressApplication> {
  try {
    return await createApp(settings);
  } catch (error) {
    if (!(error instanceof DatabaseStartError)) throw error;
    console.error(`image-gateway: ${error.message}`);
    process.exit(1);
  }
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
    process.kill(process.pid, 'SIGTERM');
  });
}

/** Nest waits for answers under way when it is told to stop; past the drain time it waits no longer. */
function forceExitAfter(drainMs: number): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      setTimeout(() => process.exit(1), drainMs).unref();
    });
  }
}
