import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Program } from './program.mjs';

const fileOf = (path) => fileURLToPath(new URL(path, import.meta.url));

/** For whoever reads the run: jest itself shows no figures. */
export const report = (what, figures) => process.stderr.write(`      ${what}: ${figures}\n`);

/** Node's own options that the gateway is shipped with. */
async function flagsOfNpmStart() {
  const { scripts } = JSON.parse(await readFile(fileOf('../../../package.json'), 'utf8'));
  return scripts.start.split(' ').filter((word) => word.startsWith('--'));
}

/** The built gateway in front of a stand-in for Recraft, and clients to ask it: each a process of its own. */
export async function start({ base64Bytes = 0 } = {}) {
  await using started = new AsyncDisposableStack();
  const run = async (file, options) => started.use(await Program.start(fileOf(file), options));
  const upstream = await run('./upstream.mjs', { parameters: { base64Bytes } });
  const gateway = await run('../../../dist/main.js', {
    execArgv: await flagsOfNpmStart(),
    env: {
      RECRAFT_API_KEY: 'of-recraft',
      RECRAFT_API_BASE: upstream.about.url,
      MASTER_KEY: 'sk-1234',
      DATABASE_URL: 'none',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'info',
      UPSTREAM_RPS: '0',
      UPSTREAM_IPM: '0',
    },
  });
  const clients = await run('./clients.mjs', { parameters: { url: gateway.about.url, key: 'sk-1234' } });
  const stack = started.move();
  return { upstream, gateway, clients, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
