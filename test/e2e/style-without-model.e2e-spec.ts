import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';

const GENERATIONS = '/v1/images/generations';
const KEYS = [{ key: 'sk-new-only', alias: 'new-only', models: ['recraft/recraftv4_1'] }];

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
  gateway = await startGateway(sandbox, { API_KEYS: JSON.stringify(KEYS) });
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});
beforeEach(() => {
  sandbox.reset();
});

const drawn = (): unknown => sandbox.requests().map(({ fields }) => fields['model']);

describe('A style without a model', () => {
  it.each([
    ['digital_illustration', 'recraftv3', 40],
    ['Noir', 'recraftv3', 40],
    ['Vector art', 'recraftv3_vector', 80],
    ['Kawaii', 'recraftv2', 22],
    ['icon', 'recraftv2_vector', 44],
    ['any', 'recraftv4_1', 35],
    ['vivid', 'recraftv4_1', 35],
  ])('%s is drawn by the newest model that has it: %s', async (style, model, credits) => {
    const answer = await gateway.post(GENERATIONS, { prompt: 'a fox', style });
    expect(await answer.json()).toMatchObject({ credits });
    expect(drawn()).toEqual([model]);
  });

  it("is chosen for in Recraft's dialect, and for an edit, as well", async () => {
    await gateway.post(`${GENERATIONS}/raster`, { prompt: 'a fox', style: 'Noir' });
    const image = `data:image/png;base64,${(await aPicture()).toString('base64')}`;
    await gateway.post('/v1/images/edits', { prompt: 'a fox', style: 'Noir', image });
    expect(drawn()).toEqual(['recraftv3', 'recraftv3']);
  });

  it('wants a key that may use the model that has it', async () => {
    const ofKey = { headers: { authorization: 'Bearer sk-new-only' } };
    const code = 'key_model_access_denied';
    const refusal = await gateway.post(GENERATIONS, { prompt: 'a fox', style: 'Noir' }, ofKey);
    await expectError(refusal, { status: 403, type: code, code, param: 'model' });
    expect((await gateway.post(GENERATIONS, { prompt: 'a fox' }, ofKey)).status).toBe(200);
    expect(drawn()).toEqual(['recraftv4_1']);
  });

  it('is refused where the operator chose a default that does not have it', async () => {
    await using strict = await startGateway(sandbox, { DEFAULT_MODEL: 'recraft/recraftv4_1' });
    const refusal = await strict.post(GENERATIONS, { prompt: 'a fox', style: 'Noir' });
    await expectError(refusal, { status: 400, code: 'unsupported_value', param: 'style' });
    expect(drawn()).toEqual([]);
  });
});
