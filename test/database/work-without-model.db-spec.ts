import { expect, it, jest } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { testDatabase } from '../support/database.js';
import { startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';

jest.setTimeout(60_000);

it('Work that no model has a part in is booked on none, under its price', async () => {
  await using database = await testDatabase();
  await using sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
  await using gateway = await startGateway(sandbox, database.environment);
  const image_url = `data:image/png;base64,${(await aPicture()).toString('base64')}`;
  const read = async (path: string) => await (await gateway.call(path)).json();

  for (const body of [{ image_url }, { image_url, model: 'recraft/recraftv3' }]) {
    expect((await gateway.post('/v1/images/vectorize', body)).status).toBe(200);
  }
  expect((await gateway.post('/v1/images/enhance', { image_url })).status).toBe(200);
  expect((await gateway.post('/v1/prompts/enhance', { prompt: 'a fox' })).status).toBe(200);

  expect(await read('/spend/models')).toMatchObject([
    { model: 'recraftv4_1_pro', requests: 1, spend: 0.21 },
    { model: null, requests: 3, spend: 0.02 + 0.01 },
  ]);
  expect(await read('/spend/logs?operation=vectorize')).toMatchObject({
    data: [
      { model: null, spend: 0.01 },
      { model: null, spend: 0.01 },
    ],
  });
});
