/**
 * Starts the built gateway, with the sandbox beside it where RECRAFT_API_KEY is unset, and stops both together.
 *
 * stdout gets one line, `image-gateway ready …`, when everything answers; what the services print goes to stderr.
 * The exit code is 0 after Ctrl-C or SIGTERM, and 1 where a service failed or ended by itself.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Service } from './service.mjs';

const SANDBOX_PORT = '4010';
const SANDBOX_MASTER_KEY = 'sk-1234';

/** How a config.yaml names a variable of the environment. */
const LOOKED_UP = 'os.environ/';

const args = process.argv.slice(2);
/** As the gateway reads it: a variable of nothing but blanks is unset. */
const env = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value.trim() !== ''));

/** In the order of their start; they stop in the reverse order, because the gateway's last answers need the sandbox. */
const services = [];

/** Resolves when the run has to end: to what went wrong, or to undefined where somebody asked for the end. */
const end = Promise.withResolvers();
let ending = false;

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (ending) for (const service of services) service.kill();
    else say('Stopping; once more stops at once');
    ending = true;
    end.resolve(undefined);
  });
}

serve().catch(end.reject);
const problem = await end.promise;
ending = true;
if (problem) say(problem);
let inGoodOrder = !problem;
for (const service of services.toReversed()) inGoodOrder = (await service.stop()) && inGoodOrder;
process.exitCode = inGoodOrder ? 0 : 1;

async function serve() {
  const account = env.RECRAFT_API_KEY ? recraftAccount() : await sandboxAccount();
  if (ending) return;
  // No load balancer has to learn that this gateway goes: it stops as soon as its answers are out.
  const ofOneMachine = { HOST: env.HOST || '127.0.0.1', SHUTDOWN_GRACE_MS: env.SHUTDOWN_GRACE_MS || '0' };
  const gateway = start('gateway', 'cli.js', args, { ...ofOneMachine, ...account.env });
  const url = await gateway.ready;
  process.stdout.write(`${[`image-gateway ready on ${url}`, `docs ${url}/docs`, ...account.says].join(' | ')}\n`);
}

/** With a key of Recraft's nothing is assumed: a missing MASTER_KEY is the gateway's error, not an open door. */
function recraftAccount() {
  const elsewhere = env.RECRAFT_API_BASE ? ` (${env.RECRAFT_API_BASE})` : '';
  return { env: {}, says: [`Recraft answers${elsewhere}`] };
}

/** Starts the sandbox, and asks the gateway to use it under a key that can be told to everybody. */
async function sandboxAccount() {
  if (env.RECRAFT_API_BASE) say('RECRAFT_API_BASE is not used: RECRAFT_API_KEY is unset, so the sandbox answers');
  const sandbox = start('sandbox', 'sandbox/main.js', [], { SANDBOX_PORT: env.SANDBOX_PORT || (await freePort()) });
  const url = await sandbox.ready;
  const key = await masterKey();
  return {
    env: { RECRAFT_API_KEY: 'sandbox', RECRAFT_API_BASE: url, ...key.env },
    says: [`the sandbox answers (${url}, simulated pictures)`, `key ${key.text}`],
  };
}

/** The key that the gateway will ask for: the operator's own, wherever it is set, before the sandbox's. */
async function masterKey() {
  const own = env.MASTER_KEY || env.LITELLM_MASTER_KEY;
  if (own) return { env: {}, text: own };
  const file = configFile();
  const inFile = file ? await masterKeyIn(file) : undefined;
  const variable = inFile?.startsWith(LOOKED_UP) ? inFile.slice(LOOKED_UP.length) : undefined;
  // In the environment, the sandbox's key would win over one that stands in the file.
  if (inFile && (!variable || env[variable])) return { env: {}, text: `master_key of ${file}` };
  return { env: { [variable ?? 'MASTER_KEY']: SANDBOX_MASTER_KEY }, text: SANDBOX_MASTER_KEY };
}

function configFile() {
  const { values } = parseArgs({ args, options: { config: { type: 'string' } }, strict: false });
  return typeof values.config === 'string' ? values.config : env.CONFIG_FILE;
}

/** Looks at the text alone: the gateway reads the file properly, and reports one that is missing or broken. */
async function masterKeyIn(file) {
  const text = await readFile(file, 'utf8').catch(() => '');
  return /^[^#\n]*\bmaster_key["']?\s*:\s*["']?(?<key>[^\s"',}#]*)/m.exec(text)?.groups.key;
}

/** The sandbox's usual port, or any other where that one is taken. */
async function freePort() {
  const probe = createServer().listen(SANDBOX_PORT, env.SANDBOX_HOST || '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch (error) {
    // Anything but a taken port is for the sandbox to report.
    return error.code === 'EADDRINUSE' ? '0' : SANDBOX_PORT;
  }
  await new Promise((closed) => probe.close(closed));
  return SANDBOX_PORT;
}

function start(name, program, programArgs, programEnv) {
  const service = new Service(fileURLToPath(new URL(`../dist/${program}`, import.meta.url)), programArgs, programEnv);
  services.push(service);
  service.ended.then(({ code, signal, wasReady }) => {
    const how = signal ?? `exit code ${code}`;
    // One that leaves content before it was ready was only asked a question, such as --help.
    const answered = code === 0 && !wasReady;
    end.resolve(answered ? undefined : `The ${name} ${wasReady ? 'ended by itself' : 'did not start'} (${how})`);
  }, end.reject);
  return service;
}

function say(text) {
  process.stderr.write(`image-gateway: ${text}\n`);
}
