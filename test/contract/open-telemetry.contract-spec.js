import { describe, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Tells its parent of every module of OpenTelemetry's that is asked for; prom-client has its small API for types of its own. */
const WATCH = `
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      const isOurs = !context.parentURL?.includes('/prom-client/');
      if (isOurs && specifier.includes('@opentelemetry/')) process.send({ loaded: specifier });
      return next(specifier, context);
    },
  });`;

/** What of OpenTelemetry the built gateway has loaded when it is ready. */
async function loadedWith(environment) {
  const child = fork('dist/main.js', [], {
    env: {
      ...{ PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', DATABASE_URL: 'none', LOG_LEVEL: 'silent' },
      ...{ MASTER_KEY: 'sk-1234', RECRAFT_API_KEY: 'test-key', RECRAFT_API_BASE: 'http://127.0.0.1:9' },
      ...environment,
    },
    execArgv: ['--import', `data:text/javascript,${encodeURIComponent(WATCH)}`],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const loaded = [];
  await new Promise((ready) => {
    child.on('message', (message) => (message.ready ? ready() : loaded.push(message.loaded)));
  });
  child.kill('SIGKILL');
  await ended;
  return loaded;
}

describe('OpenTelemetry', () => {
  it('is not even loaded where no collector is named', async () => {
    expect(await loadedWith({})).toEqual([]);
  }, 30_000);

  it('is loaded where one is', async () => {
    expect(await loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })).toContain(
      '@opentelemetry/sdk-node',
    );
  }, 30_000);
});
