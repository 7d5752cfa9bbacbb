import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { blocksOf, pages } from '../support/pages.mjs';

// A gateway with the embedded database, three more starts of one, and a picture for every command.
jest.setTimeout(120_000);

const SHELL = ['sh', 'bash'];
const CODE = ['js'];
const DATA = ['yaml', 'json'];

/** Every block there is run, and counted, by test/security/documents.security-spec.ts. */
const RUN_ELSEWHERE = 'docs/migrating-from-litellm.md';

/** What the commands of a page may find beside the page itself: no setting of whoever runs the tests. */
const { PATH, HOME, XDG_CACHE_HOME } = process.env;
const environment = { PATH, HOME, ...(XDG_CACHE_HOME && { XDG_CACHE_HOME }), PORT: '0', SANDBOX_PORT: '0' };

const all = (await Promise.all((await pages()).filter((page) => page !== RUN_ELSEWHERE).map(blocksOf))).flat();
const isServer = ({ language, text }) => SHELL.includes(language) && /\bscripts\/server\b/.test(text);
const runnable = (languages) => all.filter((block) => languages.includes(block.language) && !block.needs);
const named = (blocks) => blocks.map((block) => [`${block.page}:${block.line}`, block]);

let folder;
let gateway;
let addresses;

beforeAll(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), 'image-gateway-commands-'));
  await mkdir(join(folder.path, 'node_modules', '@ai-sdk'), { recursive: true });
  for (const name of ['openai', 'ai', '@ai-sdk/openai-compatible']) {
    await symlink(resolve('node_modules', name), join(folder.path, 'node_modules', name));
  }
  await symlink(resolve('.'), join(folder.path, 'node_modules', 'image-gateway'));
  const config = all.find(({ page, text }) => page === 'README.md' && text.startsWith('model_list:'));
  await writeFile(join(folder.path, 'config.yaml'), config.text);
  gateway = start(all.find(({ text }) => text.includes('--config config.yaml')));
  addresses = await gateway.ready;
});

afterAll(async () => {
  await gateway.stop();
  await folder.remove();
});

/** Runs a block that starts a server. `ready` resolves with the addresses in its first line. */
function start({ text }) {
  const command = text.replaceAll('scripts/server', resolve('scripts/server'));
  const child = spawn('bash', ['-euc', `exec env ${command}`], {
    cwd: folder.path,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => (complaint += chunk));
  const ended = once(child, 'close');
  const first = once(createInterface(child.stdout), 'line').then(([line]) => line.match(/http:\/\/[^\s,)]+/g));
  const failed = ended.then(() => Promise.reject(new Error(`It did not start: ${complaint}`)));
  const stop = async () => {
    failed.catch(() => undefined); // It may end now.
    child.kill('SIGTERM');
    return (await ended)[0];
  };
  return { ready: Promise.race([first, failed]), stop };
}

/** The text with the address changed, and nothing else. */
const here = (text) => text.replaceAll(/(?:http:\/\/)?(?:127\.0\.0\.1|localhost):4000/g, addresses[0]);

/** `curl -s` succeeds whatever the answer; here an error is one. */
const STRICT = 'curl() { command curl --fail --no-progress-meter "$@"; }\n';

/** Runs a program in the folder; rejects with what it printed. */
async function run(program, args) {
  const env = { ...environment, MASTER_KEY: 'sk-1234', RECRAFT_API_KEY: 'sandbox', RECRAFT_API_BASE: addresses[2] };
  await promisify(execFile)(program, args, { cwd: folder.path, env }).catch(({ stdout, stderr }) => {
    throw new Error(`${stdout}${stderr}`);
  });
}

describe('The blocks of the pages', () => {
  it('are run, loaded or marked with what they need, every one', () => {
    const kinds = [...SHELL, ...CODE, ...DATA];
    expect(all.filter(({ language, needs }) => !needs && !kinds.includes(language))).toEqual([]);
    expect(runnable(SHELL).length).toBeGreaterThan(7);
    expect(runnable(CODE)).toHaveLength(3);
  });

  // One shell for a page, as a reader has: what a block sets is there in the next.
  const pagesWithCommands = Map.groupBy(runnable(SHELL).filter((block) => !isServer(block)), ({ page }) => page); // prettier-ignore

  it.each([...pagesWithCommands])('of %s for a shell work one after the other', async (page, blocks) => {
    const script = STRICT + blocks.map(({ line, text }) => `# line ${line}\n${here(text)}`).join('\n');
    await expect(run('bash', ['-euo', 'pipefail', '-c', script])).resolves.toBeUndefined();
  });

  it.each(named(runnable(CODE)))('run as programs: %s', async (name, { text }) => {
    const program = join(folder.path, `${name.replaceAll(/\W/g, '-')}.mjs`);
    await writeFile(program, here(text));
    await expect(run(process.execPath, [program])).resolves.toBeUndefined();
  });

  it.each(named(all.filter((block) => isServer(block) && !block.needs)))('start a gateway: %s', async (name, block) => {
    const server = start({ text: `DATABASE_URL=none ${block.text}` });
    expect(await server.ready).toContainEqual(expect.stringMatching(/\/docs$/));
    expect(await server.stop()).toBe(0);
  });

  it.each(named(runnable(DATA)))('can be read: %s', (name, { text }) => {
    expect(parse(text)).toBeInstanceOf(Object);
  });
});

describe('The commands within the sentences', () => {
  it('are scripts and files that there are', async () => {
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8'));
    const texts = await Promise.all((await pages()).map((page) => readFile(page, 'utf8')));
    const inline = texts.flatMap((text) => [...text.matchAll(/`((?:npm (?:run )?|node )[^`]+)`/g)].map(([, command]) => command)); // prettier-ignore
    const names = inline.flatMap((command) => /npm run ([\w:-]+)/.exec(command)?.[1] ?? []);
    const files = inline.flatMap((command) => /node ([\w./-]+\.m?js)\b/.exec(command)?.[1] ?? []);

    expect(names.filter((name) => scripts[name] === undefined)).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['readme', 'openapi']));
    for (const file of files) await expect(access(file).then(() => file)).resolves.toBe(file);
    expect(files).toContain('scripts/licences.mjs');
  });
});
