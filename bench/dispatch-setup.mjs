/** What the dispatch scenarios run on: sandboxes, gateways and a Redis, each a process of its own on this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Program } from '../test/load/support/program.mjs';

const KEY = 'sk-dispatch';
const MODEL = 'pool';

const WATCHED = ['--import', new URL('watch.mjs', import.meta.url).href];

const built = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));

/** Starts what a scenario needs; disposing of it stops everything. */
export async function startDispatch({
  accounts = 1,
  replicas = 1,
  rps = 5,
  sandboxRps = rps,
  latencyMs = 200,
  shared = replicas > 1,
  env = {},
  builtInAtSandbox = false,
}) {
  await using started = new AsyncDisposableStack();
  const sandbox = started.use(
    await Program.start(built('sandbox/main.js'), {
      execArgv: WATCHED,
      env: {
        SANDBOX_PORT: '0',
        SANDBOX_REQUESTS_PER_SECOND: String(sandboxRps),
        SANDBOX_IMAGES_PER_MINUTE: '0',
        SANDBOX_CREDITS: '2000000000',
      },
    }),
  );
  const redis = shared ? started.use(await startRedis()) : undefined;
  const modelList = Array.from({ length: accounts }, (_, account) => ({
    model_name: MODEL,
    litellm_params: {
      model: 'recraft/recraftv3_vector',
      api_key: `account-${account}`,
      api_base: sandbox.about.url,
      rps,
      ipm: 0,
    },
  }));
  const start = () =>
    Program.start(built('main.js'), {
      execArgv: ['--max-semi-space-size=16', ...WATCHED],
      env: {
        MODEL_LIST: JSON.stringify(modelList),
        MASTER_KEY: KEY,
        DATABASE_URL: 'none',
        HOST: '127.0.0.1',
        PORT: '0',
        LOG_LEVEL: 'error',
        SHUTDOWN_GRACE_MS: '1000',
        ...(redis && { REDIS_URL: redis.url }),
        ...(builtInAtSandbox && { RECRAFT_API_BASE: sandbox.about.url }),
        ...env,
      },
    });
  const gateways = [];
  for (let replica = 0; replica < replicas; replica++) gateways.push(started.use(await start()));
  await draw(sandbox.about.url, { key: 'warm-up', model: 'recraftv3_vector', timeoutMs: 10_000 });
  await control(sandbox.about.url, 'POST', 'reset');
  await control(sandbox.about.url, 'POST', 'settings', { latencyMs });
  for (const program of [sandbox, ...gateways]) await program.ask('what is past');
  const stack = started.move();
  return {
    sandbox: sandbox.about.url,
    urls: gateways.map(({ about }) => about.url),
    gateways,
    /** One more gateway like the others, for whoever replaces one; stops with the rest. */
    another: async () => stack.use(await start()),
    requests: () => control(sandbox.about.url, 'GET', 'requests'),
    /** What the sandbox and the gateways say of themselves (watch.mjs), since they were asked last. */
    watched: () => Promise.all([sandbox, ...gateways].map((program) => program.ask('watched'))),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function startRedis() {
  const port = await freePort();
  const child = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('Ready to accept connections')) break;
  }
  child.stdout.resume();
  const ended = once(child, 'exit');
  return {
    url: `redis://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return String(port);
}

async function control(url, method, what, body) {
  return (await fetch(`${url}/__sandbox/${what}`, { method, body: body && JSON.stringify(body) })).json();
}

/** Asks for a picture; resolves to how that ended: `{ status, ms }`, or `{ error, ms }` where there was no answer. */
export async function draw(url, { key = KEY, model = MODEL, timeoutMs, fields = {}, headers = {}, signal }) {
  const began = performance.now();
  try {
    const response = await fetch(`${url}/v1/images/generations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      signal,
      body: JSON.stringify({ model, prompt: 'a fox', timeout: timeoutMs / 1000, ...fields }),
    });
    await response.arrayBuffer();
    return { status: response.status, ms: performance.now() - began };
  } catch (error) {
    return { error: error.cause?.code ?? error.name, ms: performance.now() - began };
  }
}
