import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readSettings } from '../../src/config/read-settings.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { BLOCKS, EXAMPLES, PAGE, pageBlocks, tells, withIndentation } from '../support/page.js';
import { aPicture, digestOf, kindOf } from '../support/pictures.js';
import { leftOut } from '../support/reference.js';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.js';

const run = promisify(execFile);
const hasCurl = await run('curl', ['--version']).then(
  () => true,
  () => false,
);
const blocks = pageBlocks();

const withPage = blocks ? describe : describe.skip;
const withCurl = hasCurl ? describe : describe.skip;

const SUNSET = 'A beautiful sunset over a calm ocean';
const GHIBLI =
  'Create a studio ghibli style image that combines all the reference images. Make sure the person looks like a CTO.';

interface Answer {
  readonly data: readonly { readonly url: string }[];
  readonly error?: { readonly message: string; readonly code: string };
}

withPage(`The page ${blocks ? '' : leftOut(PAGE)}`, () => {
  it('has no code block that is missing here', () => {
    expect(blocks).toHaveLength(BLOCKS.length);
    expect(blocks?.filter((code, index) => !tells(BLOCKS[index], code))).toEqual([]);
  });
});

describe('Settings of the page', () => {
  it('API Base, Key: both variables are read, and the base may be left out', () => {
    const set = Array.from(EXAMPLES.environment.matchAll(/\['(\w+)'\]="(.*?)"/g), ([, name, value]) => [name, value]);
    const environment = { ...(Object.fromEntries(set) as NodeJS.ProcessEnv), MASTER_KEY: 'sk-1234' };
    const { models } = readSettings(environment);
    expect(models.builtIn).toMatchObject({ apiKey: 'your-api-key', apiBase: 'https://external.api.recraft.ai' });
    const { RECRAFT_API_BASE: _optional, ...rest } = environment as Record<string, string>;
    expect(readSettings(rest).models).toEqual(models);
  });

  it('API Key Setup: an exported key is read', async () => {
    const { stdout } = await run('sh', ['-c', `${EXAMPLES.keySetup}\nprintf %s "$RECRAFT_API_KEY"`]);
    const { models } = readSettings({ RECRAFT_API_KEY: stdout, MASTER_KEY: 'sk-1234' });
    expect(models.builtIn).toMatchObject({ apiKey: 'your-api-key' });
  });

  it('Start the proxy: --config names the file, and the address is the printed one', async () => {
    await using folder = await temporaryFolder();
    const [, file = ''] = /^litellm --config (\S+)$/m.exec(EXAMPLES.start) ?? [];
    await writeFile(join(folder.path, file), EXAMPLES.generationConfig);
    const settings = readSettings({ RECRAFT_API_KEY: 'your-api-key' }, { configFile: join(folder.path, file) });
    expect(EXAMPLES.start).toContain(`RUNNING on http://${settings.server.host}:${settings.server.port}`);
    expect(settings.masterKey).toBe('sk-1234');
  });
});

describe.each([
  ['image_generation, as printed', EXAMPLES.generationConfig],
  ['image_generation, indented', withIndentation(EXAMPLES.generationConfig)],
  ['image_edit, as printed', EXAMPLES.editConfig],
  ['image_edit, indented', withIndentation(EXAMPLES.editConfig)],
])('A gateway with the config of the page (%s)', (_name, config) => {
  let sandbox: Sandbox;
  let gateway: RunningGateway;
  let picture: Buffer;
  let folder: TemporaryFolder;

  beforeAll(async () => {
    folder = await temporaryFolder();
    picture = await aPicture();
    await writeFile(join(folder.path, 'config.yaml'), config);
    await writeFile(join(folder.path, 'reference_image.png'), picture);
    sandbox = await Sandbox.start({ requestsPerSecond: 0 });
    gateway = await startGateway(sandbox, {
      CONFIG_FILE: join(folder.path, 'config.yaml'),
      RECRAFT_API_KEY: 'your-api-key',
      MASTER_KEY: '', // The file has it.
    });
  });
  afterAll(async () => {
    await gateway.close();
    await sandbox.close();
    await folder.remove();
  });
  beforeEach(() => {
    sandbox.reset();
  });

  /** Runs the page's command, only the address changed. */
  async function shell(command: string): Promise<Answer> {
    const { stdout } = await run('sh', ['-c', command.replace('http://0.0.0.0:4000', gateway.url)], {
      cwd: folder.path,
    });
    return JSON.parse(stdout) as Answer;
  }

  const sunset = {
    path: '/v1/images/generations',
    apiKeyLast4: '-key',
    fields: { model: 'recraftv3', prompt: SUNSET, n: 1, response_format: 'url' },
  };
  const ghibli = () => ({
    path: '/v1/images/imageToImage',
    apiKeyLast4: '-key',
    fields: {
      model: 'recraftv3',
      prompt: GHIBLI,
      n: '1',
      response_format: 'url',
      strength: '0.2',
      image: { name: 'image.png', type: 'image/png', ...digestOf(picture) },
    },
  });

  withCurl("The page's curl", () => {
    it('is answered 400 that says where its JSON has a comma too many', async () => {
      const { error } = await shell(EXAMPLES.generationCurl);
      expect(error).toMatchObject({ code: 'invalid_json' });
      expect(error?.message).toMatch(/line 4/);
      expect(sandbox.requests()).toEqual([]);
    });

    it('draws a picture without that comma', async () => {
      await expectPicture(sandbox, await shell(EXAMPLES.generationCurl.replace('",\n}', '"\n}')), sunset);
    });

    it('edits a picture', async () => {
      await expectPicture(sandbox, await shell(EXAMPLES.editCurl), ghibli());
    });
  });

  it('draws for the same request from any HTTP client', async () => {
    const response = await gateway.post('/v1/images/generations', { model: 'recraft-v3', prompt: SUNSET });
    await expectPicture(sandbox, (await response.json()) as Answer, sunset);
  });

  it('edits for the same form from any HTTP client', async () => {
    const body = new FormData();
    body.set('model', 'recraft-v3');
    body.set('prompt', GHIBLI);
    body.set('image', new File([new Uint8Array(picture)], 'reference_image.png', { type: 'image/png' }));
    const response = await gateway.call('/v1/images/edits', { method: 'POST', body });
    await expectPicture(sandbox, (await response.json()) as Answer, ghibli());
  });
});

async function expectPicture(sandbox: Sandbox, { data: [drawn] }: Answer, asked: object): Promise<void> {
  expect(sandbox.requests()).toEqual([expect.objectContaining(asked)]);
  const response = await fetch(String(drawn?.url));
  expect(response.headers.get('content-type')).toBe('image/webp');
  expect(await kindOf(await response.bytes())).toBe('webp');
}
