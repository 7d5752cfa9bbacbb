import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { generateKey, withKey } from '../support/keys.js';
import { aPicture } from '../support/pictures.js';

jest.setTimeout(60_000);

const REMOVAL = '/v1/images/removeBackground';

let home: TestDatabase;
let sandbox: Sandbox;
let gateway: RunningGateway;
let image: string;

beforeAll(async () => {
  home = await testDatabase();
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
  gateway = await startGateway(sandbox, { ...home.environment, ALLOW_SECOND_CHARGE: 'true' });
  image = `data:image/png;base64,${(await aPicture()).toString('base64')}`;
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
  await home[Symbol.asyncDispose]();
});

beforeEach(() => {
  sandbox.reset();
});

/** Two pictures, and the removal of two backgrounds: 0.08 and 0.02 dollars. */
const edit = (key: string) =>
  gateway.post(
    '/v1/images/edits',
    { image, prompt: 'a cake', model: 'recraft/recraftv3', background: 'transparent', n: 2 },
    withKey(key),
  );

const removal = (key: string) => gateway.post(REMOVAL, { image_url: image }, withKey(key));

async function rowsOf(token: string): Promise<unknown[]> {
  const page = (await (await gateway.call(`/spend/logs?api_key=${token}`)).json()) as {
    data: { operation: string; status: string; spend: number }[];
  };
  return page.data.map(({ operation, status, spend }) => [operation, status, spend]).reverse();
}

describe('An edit that is charged twice', () => {
  it('has the money for all of it set aside before any of it is sent', async () => {
    const { key, token } = await generateKey(gateway, { max_budget: 0.1 });
    sandbox.fault({ path: REMOVAL, held: true });
    const answering = edit(key);
    await sandbox.nextRequest(({ path }) => path === REMOVAL);
    expect((await removal(key)).status).toBe(429);

    sandbox.release();
    expect((await answering).status).toBe(200);
    expect(await rowsOf(token)).toEqual([
      ['imageToImage', 'success', 0.08],
      ['removeBackground', 'success', 0.01],
      ['removeBackground', 'success', 0.01],
    ]);
  });

  it('is refused before it is sent where a budget has not enough for all of it', async () => {
    const { key } = await generateKey(gateway, { max_budget: 0.09 });
    await expectError(await edit(key), { status: 429, type: 'budget_exceeded', code: 'budget_exceeded' });
    expect(sandbox.requests()).toEqual([]);
    expect((await removal(key)).status).toBe(200);
  });

  it.each([
    ['the first operation fails', [{ status: 422 }], 0],
    ['a removal fails', [{ path: REMOVAL, status: 422 }], 0.08],
  ])('gives back what it had set aside where %s', async (_what, faults, spent) => {
    const { key } = await generateKey(gateway, { max_budget: 0.1 });
    sandbox.fault(...faults);
    expect((await edit(key)).status).toBe(422);
    const { info } = (await (await gateway.call('/key/info', withKey(key))).json()) as { info: { spend: number } };
    expect(info.spend).toBe(spent);
    expect((await removal(key)).status).toBe(200);
    expect((await removal(key)).status).toBe(200);
  });
});
