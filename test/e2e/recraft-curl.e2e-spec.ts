import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const run = promisify(execFile);
const isThere = await run('curl', ['--version']).then(() => true, () => false); // prettier-ignore
if (!isThere) process.stderr.write("Recraft's curl commands were not run: there is no curl.\n");
const whereCurl = isThere ? describe : describe.skip;

interface Sent {
  readonly method?: 'GET' | 'DELETE';
  readonly path: string;
  /** Fields of a form, as curl's `-F` takes them. */
  readonly form?: readonly string[];
  /** A body, as curl's `-d` takes it; `IMAGE` and `MASK` stand for data URLs. */
  readonly json?: string;
}

type Row = readonly [what: string, sent: Sent, status?: number];

const WORDS = ['prompt=winter', 'strength=0.2'];
const MASKED = ['image=@image.png', 'mask=@mask.png'];

/**
 * Every route of Recraft's (recraft-api.md §2) with the fields and in the encodings that its documentation gives, form and
 * JSON where it gives both (§4.1, §5). Sent by curl from a shell, as its readers do.
 */
const COMMANDS: readonly Row[] = [
  ['generation', { path: '/v1/images/generations', json: '{"prompt":"two race cars on a track","style":"digital_illustration","model":"recraftv3"}' }],
  ['generation with controls', { path: '/v1/images/generations', json: '{"prompt":"a fox","controls":{"colors":[{"rgb":[0,255,0]}],"background_color":{"rgb":[255,255,255]}},"n":2,"size":"1:1","style_id":null}' }],
  ['generation with a text layout', { path: '/v1/images/generations', json: '{"prompt":"cute red panda with a sign","model":"recraftv3","text_layout":[{"text":"Recraft","bbox":[[0.3,0.45],[0.6,0.45],[0.6,0.55],[0.3,0.55]]}]}' }],
  ['generation with style references', { path: '/v1/images/generations', form: ['prompt=a fox', 'model=recraftv4_styles', 'style_references=@image.png', 'style_references=@mask.png'] }],
  ['generation with linked style references', { path: '/v1/images/generations', json: '{"prompt":"a fox","model":"recraftv4_styles","style_reference_urls":["IMAGE"]}' }],
  ['raster', { path: '/v1/images/generations/raster', json: '{"prompt":"a fox","response_format":"b64_json"}' }],
  ['vector', { path: '/v1/images/generations/vector', json: '{"prompt":"a fox","model":"recraftv4_1_vector"}' }],
  ['imageToImage', { path: '/v1/images/imageToImage', form: ['image=@image.png', ...WORDS] }],
  ['imageToImage', { path: '/v1/images/imageToImage', json: '{"image_url":"IMAGE","prompt":"winter","strength":0.2,"controls":{"colors":[{"rgb":[1,2,3]}]}}' }],
  ['inpaint', { path: '/v1/images/inpaint', form: ['prompt=winter', ...MASKED] }],
  ['inpaint', { path: '/v1/images/inpaint', json: '{"prompt":"winter","image_url":"IMAGE","mask_url":"MASK"}' }],
  ['outpaint', { path: '/v1/images/outpaint', form: ['prompt=winter', 'image=@image.png', 'expand_left=64', 'zoom_out_percentage=10'] }],
  ['outpaint', { path: '/v1/images/outpaint', json: '{"prompt":"winter","image_url":"IMAGE","size":"16:9"}' }],
  ['replaceBackground', { path: '/v1/images/replaceBackground', form: ['prompt=winter', 'image=@image.png'] }],
  ['replaceBackground', { path: '/v1/images/replaceBackground', json: '{"prompt":"winter","image_url":"IMAGE"}' }],
  ['generateBackground', { path: '/v1/images/generateBackground', form: ['prompt=winter', ...MASKED] }],
  ['generateBackground', { path: '/v1/images/generateBackground', json: '{"prompt":"winter","image_url":"IMAGE","mask_url":"MASK"}' }],
  ['vectorize', { path: '/v1/images/vectorize', form: ['file=@image.png'] }],
  ['vectorize', { path: '/v1/images/vectorize', json: '{"image_url":"IMAGE","shape_stacking":"cut_out"}' }],
  ['removeBackground', { path: '/v1/images/removeBackground', form: ['file=@image.png'] }],
  ['removeBackground', { path: '/v1/images/removeBackground', json: '{"image_url":"IMAGE"}' }],
  ['crispUpscale', { path: '/v1/images/crispUpscale', form: ['file=@image.png'] }],
  ['crispUpscale', { path: '/v1/images/crispUpscale', json: '{"image_url":"IMAGE"}' }],
  ['creativeUpscale', { path: '/v1/images/creativeUpscale', form: ['file=@image.png'] }],
  ['creativeUpscale', { path: '/v1/images/creativeUpscale', json: '{"image_url":"IMAGE"}' }],
  ['enhance', { path: '/v1/images/enhance', form: ['file=@image.png', 'refinement=subtle'] }],
  ['enhance by its older name', { path: '/v1/images/refineDetails', json: '{"image_url":"IMAGE"}' }],
  ['crispUpscale by its older name', { path: '/v1/images/clarityUpscale', form: ['file=@image.png'] }],
  ['creativeUpscale by its older name', { path: '/v1/images/generativeUpscale', form: ['file=@image.png'] }],
  ['eraseRegion', { path: '/v1/images/eraseRegion', form: MASKED }],
  ['eraseRegion', { path: '/v1/images/eraseRegion', json: '{"image_url":"IMAGE","mask_url":"MASK"}' }],
  ['variateImage', { path: '/v1/images/variateImage', form: ['image=@image.png', 'size=1024x1024'] }],
  ['variateImage', { path: '/v1/images/variateImage', json: '{"image_url":"IMAGE","size":"1:1","n":2}' }],
  ['explore', { path: '/v1/images/explore', json: '{"prompt":"a fox"}' }],
  ['prompts/enhance', { path: '/v1/prompts/enhance', json: '{"prompt":"a fox"}' }],
  ['colors/optimize', { path: '/v1/colors/optimize', json: '{"colors":[{"hex":"#ff0000"},{"hex":"#00ff00","weight":0.5}],"num_colors_limit":1}' }],
  ['style', { path: '/v1/styles', form: ['style=digital_illustration', 'model=recraftv3', 'file1=@image.png', 'file2=@mask.png'] }],
  ['style', { path: '/v1/styles', json: '{"model":"recraftv4_1","match":"flexible","image_urls":["IMAGE"]}' }],
  ['styles', { method: 'GET', path: '/v1/styles' }],
  ['curated styles', { method: 'GET', path: '/v1/styles/basic' }],
  ['account', { method: 'GET', path: '/v1/users/me' }],
  ['models', { method: 'GET', path: '/v1/models' }],
  ['status', { method: 'GET', path: '/status' }],
  ['probe', { method: 'GET', path: '/ping' }],
  ['style that is not there', { method: 'GET', path: '/v1/styles/0f4e7a52-6c1d-4b83-9e2a-5d7c81b09f36' }, 404],
  ['style to delete that is not there', { method: 'DELETE', path: '/v1/styles/0f4e7a52-6c1d-4b83-9e2a-5d7c81b09f36' }, 404],
]; // prettier-ignore

whereCurl("Recraft's routes, by curl", () => {
  let sandbox: Sandbox;
  let gateway: RunningGateway;
  let folder: TemporaryFolder;
  const urls = new Map<string, string>();

  beforeAll(async () => {
    sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 1_000_000 });
    gateway = await startGateway(sandbox);
    folder = await temporaryFolder();
    const image = await aPicture();
    const mask = await sharp(await aPicture({ color: '#fff' }))
      .toColourspace('b-w')
      .png()
      .toBuffer();
    await writeFile(join(folder.path, 'image.png'), image);
    await writeFile(join(folder.path, 'mask.png'), mask);
    urls.set('IMAGE', `data:image/png;base64,${image.toString('base64')}`);
    urls.set('MASK', `data:image/png;base64,${mask.toString('base64')}`);
  });
  afterAll(async () => {
    await folder.remove();
    await gateway.close();
    await sandbox.close();
  });
  beforeEach(() => {
    sandbox.reset();
  });

  async function curl(origin: string, { method, path, form, json }: Sent): Promise<{ status: number; body: string }> {
    const args = ['--silent', '--write-out', '\n%{http_code}', '--header', `Authorization: Bearer ${gateway.key}`];
    if (method) args.push('--request', method);
    // Recraft's documentation names the type of a form too; curl adds its boundary.
    if (form) args.push('--header', 'Content-Type: multipart/form-data', ...form.flatMap((field) => ['-F', field]));
    if (json !== undefined) {
      const body = json.replaceAll(/IMAGE|MASK/g, (name) => urls.get(name) ?? '');
      args.push('--header', 'Content-Type: application/json', '--data', body);
    }
    const { stdout } = await run('curl', [...args, origin + path], { cwd: folder.path, maxBuffer: 64 * 1024 * 1024 });
    const end = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
  }

  it.each(COMMANDS)('%s: %j', async (_what, sent, status = 200) => {
    const through = await curl(gateway.url, sent);
    expect([through.status, through.status === status ? '' : through.body]).toEqual([status, '']);
    const direct = await curl(sandbox.url, sent);
    expect(direct.status === 200).toBe(status === 200);
    const [ours, theirs] = [through, direct].map(({ body }) => (body === '' ? {} : (JSON.parse(body) as object)));
    if (status !== 200) return;
    expect(Object.keys(ours ?? {})).toEqual(expect.arrayContaining(Object.keys(theirs ?? {})));
  }, 20_000); // prettier-ignore
});
