import { existsSync } from 'node:fs';
import path from 'node:path';
import { installPortkey, PORTKEY_NODE, PORTKEY_SERVER } from './portkey.mjs';

const GATEWAY = path.join(import.meta.dirname, '../dist/main.js');
const MASTER_KEY = 'sk-bench';

async function requireBuild() {
  if (!existsSync(GATEWAY)) throw new Error('dist/main.js is missing: run `npm run build`.');
}

/**
 * The services that are compared. `prepare` makes sure that one can be started at all, `launch` says how it is started
 * on a port in front of an upstream origin, `health` answers 200 once it listens, `headers` go with every request.
 */
export const TARGETS = [
  {
    name: 'plain',
    title: 'plain Node proxy',
    prepare: async () => {},
    launch: ({ port, upstream }) => ({
      command: [process.execPath, path.join(import.meta.dirname, 'plain-proxy.mjs')],
      env: { PORT: port, UPSTREAM: upstream },
    }),
    health: '/__count',
    headers: () => ({ authorization: 'Bearer any' }),
  },
  {
    name: 'gateway',
    title: 'image-gateway',
    prepare: requireBuild,
    launch: ({ port, upstream }) => ({
      command: [process.execPath, '--enable-source-maps', '--max-semi-space-size=16', GATEWAY],
      env: {
        PORT: port,
        HOST: '127.0.0.1',
        MASTER_KEY,
        DATABASE_URL: 'none',
        RECRAFT_API_KEY: 'any',
        RECRAFT_API_BASE: upstream,
        LOG_LEVEL: 'info',
        // What the gateway costs is measured, not what Recraft's limits leave of it.
        UPSTREAM_RPS: '0',
        UPSTREAM_IPM: '0',
        SHUTDOWN_GRACE_MS: '0',
      },
    }),
    health: '/health/liveliness',
    headers: () => ({ authorization: `Bearer ${MASTER_KEY}` }),
  },
  {
    name: 'portkey',
    title: 'Portkey 1.15.2',
    prepare: installPortkey,
    launch: ({ port }) => ({ command: [PORTKEY_NODE, PORTKEY_SERVER, '--headless', `--port=${port}`], env: {} }),
    health: '/',
    // Its Recraft adapter sends an edit's body as `{}`; of its providers openai is one whose edits work.
    headers: ({ scenario, upstream }) => ({
      authorization: 'Bearer any',
      'x-portkey-provider': scenario.name === 'upload' ? 'openai' : 'recraft-ai',
      'x-portkey-custom-host': `${upstream}/v1`,
    }),
  },
];
