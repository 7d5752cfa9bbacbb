import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import sharp from 'sharp';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';
import { type ClientRun, hasPython, installRecraftClient, runRecraftClient } from '../support/recraft-client.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const isThere = await hasPython();
if (!isThere) process.stderr.write('The client written for Recraft was not run: there is no Python 3.11 with pip.\n');
const wherePython = isThere ? describe : describe.skip;

jest.setTimeout(120_000);

interface Command {
  readonly args: readonly string[];
  /** Where it arrives at Recraft: the older names of the upscales under their present ones. */
  readonly path: string;
  readonly units: number;
  /** The kind and size of each file it saves. */
  readonly files: readonly string[];
}

const V3 = ['--model', 'recraftv3'];
const MASK = ['--mask', 'mask.png'];
const SIZE = '512x384';

/** Every command of the client's that makes pictures. */
const COMMANDS: readonly Command[] = [
  { args: ['generate', 'a fox', '-n', '2', '--size', '16:9'], path: 'generations', units: 70, files: ['png 1344x768', 'png 1344x768'] },
  { args: ['generate', 'a fox', ...V3, '--style', 'Noir', '--seed', '7', '--colors', '#f00,#00ff00', '--format', 'webp'], path: 'generations', units: 40, files: ['webp 1024x1024'] },
  { args: ['generate', 'a fox', '--vector'], path: 'generations/vector', units: 80, files: ['svg 1024x1024'] },
  { args: ['edit', 'in.png', 'a fox', '--strength', '0.4'], path: 'imageToImage', units: 35, files: ['png 1216x896'] },
  { args: ['inpaint', 'in.png', 'a fox', ...MASK, ...V3], path: 'inpaint', units: 40, files: [`png ${SIZE}`] },
  { args: ['outpaint', 'in.png', 'a wood', '--expand-left', '88', ...V3], path: 'outpaint', units: 40, files: ['png 600x384'] },
  { args: ['variate', 'in.png', '--size', '1:2'], path: 'variateImage', units: 40, files: ['png 768x1536'] },
  { args: ['erase', 'in.png', ...MASK], path: 'eraseRegion', units: 2, files: [`png ${SIZE}`] },
  { args: ['replace-bg', 'in.png', 'a beach', ...V3], path: 'replaceBackground', units: 40, files: [`png ${SIZE}`] },
  { args: ['generate-bg', 'in.png', 'a beach', ...MASK, ...V3], path: 'generateBackground', units: 40, files: [`png ${SIZE}`] },
  { args: ['remove-bg', 'in.png'], path: 'removeBackground', units: 10, files: [`png ${SIZE}`] },
  { args: ['vectorize', 'in.png', '--shape-stacking', 'cut_out', '--max-shapes', '20'], path: 'vectorize', units: 10, files: [`svg ${SIZE}`] },
  { args: ['upscale', 'in.png'], path: 'crispUpscale', units: 4, files: ['png 1024x768'] },
  { args: ['upscale', 'in.png', '--mode', 'creative'], path: 'creativeUpscale', units: 250, files: ['png 2048x1536'] },
  { args: ['upscale', 'in.png', '--mode', 'clarity'], path: 'crispUpscale', units: 4, files: ['png 1024x768'] },
  { args: ['upscale', 'in.png', '--mode', 'generative'], path: 'creativeUpscale', units: 250, files: ['png 2048x1536'] },
]; // prettier-ignore

wherePython('A command line client that others wrote for Recraft, with another host and key', () => {
  let sandbox: Sandbox;
  let gateway: RunningGateway;
  let folder: TemporaryFolder;

  beforeAll(async () => {
    await installRecraftClient();
    sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 1_000_000 });
    gateway = await startGateway(sandbox);
    folder = await temporaryFolder();
    const [width, height] = [512, 384];
    await writeFile(join(folder.path, 'in.png'), await aPicture({ width, height }));
    const mask = sharp(await aPicture({ width, height, color: '#fff' })).toColourspace('b-w');
    await writeFile(join(folder.path, 'mask.png'), await mask.png().toBuffer());
  });
  afterAll(async () => {
    await folder.remove();
    await gateway.close();
    await sandbox.close();
  });
  beforeEach(() => {
    sandbox.reset();
  });

  const run = (...args: string[]): Promise<ClientRun> =>
    runRecraftClient(args, { folder: folder.path, host: gateway.url, key: gateway.key });

  async function answerOf(...args: string[]): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  it.each(COMMANDS)('$args.0 by $path saves its pictures', async ({ args, path, units, files }) => {
    const answer = await answerOf(...args);
    expect(answer['credits']).toBe(units);
    const saved = answer['files'] as { path: string }[];
    const kinds = saved.map(async (file) => {
      const { format, width, height } = await sharp(await readFile(file.path)).metadata();
      return `${format} ${width}x${height}`;
    });
    expect(await Promise.all(kinds)).toEqual(files);
    expect(sandbox.requests().map((request) => request.path)).toEqual([`/v1/images/${path}`]);
  });

  it('makes a style, draws in it, lists and deletes it', async () => {
    const made = await answerOf('create-style', 'in.png', '--base-style', 'any', '--model', 'recraftv4_1');
    expect(made).toMatchObject({ credits: 5, style_id: expect.any(String) });
    const id = String(made['style_id']);
    expect(await answerOf('generate', 'a fox', '--style-id', id)).toMatchObject({ credits: 35 });
    expect(await answerOf('my-styles')).toMatchObject({ styles: [{ id }] });
    expect(await answerOf('delete-style', id)).toMatchObject({ deleted: true });
    expect(await answerOf('my-styles')).toEqual({ styles: [] });
  });

  it('tells the balance, the models with their prices, the curated styles, and a richer prompt', async () => {
    expect(await answerOf('balance')).toEqual({ credits: 1_000_000, usd: 1_000 });
    const { data } = (await answerOf('models')) as { data: { id: string; pricing?: { image: string } }[] };
    expect(data.find(({ id }) => id.endsWith('recraftv3'))).toMatchObject({ pricing: { image: '0.04' } });
    expect(await answerOf('styles', '--model', 'recraftv3')).toMatchObject({ styles: expect.any(Array) as unknown });
    expect(await answerOf('enhance', 'a cat')).toMatchObject({ credits: 10, enhanced_prompt: expect.any(String) });
  });

  it.each([
    [['generate', 'a fox', '--model', 'recraftv9'], 'model_not_found', 'recraftv9'],
    [['generate', 'a fox', '--size', '1000x1001'], 'unsupported_value', '1000x1001'],
    [['inpaint', 'in.png', 'a fox', ...MASK], 'unsupported_value', 'recraftv3'],
  ])('shows code and message of a refusal: %j', async (args, code, text) => {
    const { code: exit, stderr } = await run(...args);
    expect(exit).toBe(1);
    expect(stderr).toContain(`[${code}]`);
    expect(stderr).toContain(text);
    expect(sandbox.requests()).toEqual([]);
  });

  it('says that a key is wrong', async () => {
    const { code, stderr } = await runRecraftClient(['balance'], {
      folder: folder.path,
      host: gateway.url,
      key: 'sk-wrong',
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining('authentication failed (401)')]);
  });
});
