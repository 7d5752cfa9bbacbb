import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import OpenAI from 'openai';
import { Database } from '../../src/database/database.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { onPostgres, type TestDatabase, testDatabase } from '../support/database.js';
import { DispatchSweep } from '../../src/spend/dispatch-sweep.js';
import { expectError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';
import { RawClient, rawPost } from '../support/raw-client.js';

jest.setTimeout(60_000);

const GENERATIONS = '/v1/images/generations';
const ONE_PICTURE = 40;
const FIRST: RequestInit = { headers: { 'x-stainless-retry-count': '0' } };
const RETRY: RequestInit = { headers: { 'x-stainless-retry-count': '1' } };

let seed = 0;
/** A request that asks for what no other test asks for. */
const aBody = () => ({ prompt: SECRET_PROMPT, model: 'recraft/recraftv3', random_seed: ++seed });

/** Two processes cannot share an embedded database. */
const describeReplicas = onPostgres ? describe : describe.skip;

describeReplicas('A retry without a key that comes to another replica', () => {
  let sandbox: Sandbox;
  let home: TestDatabase;
  let one: RunningGateway;
  let other: RunningGateway;

  beforeAll(async () => {
    sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
    home = await testDatabase();
    const environment = { ...home.environment, FINISH_ABANDONED: 'true' };
    one = await startGateway(sandbox, environment);
    other = await startGateway(sandbox, environment);
  });

  afterEach(() => {
    sandbox.reset();
  });

  afterAll(async () => {
    await one.close();
    await other.close();
    await sandbox.close();
    await home[Symbol.asyncDispose]();
  });

  /** Sends a request to the first replica and hangs up once it is at Recraft; gives the id it has there. */
  async function sendAndLeave(fields: object): Promise<string> {
    const client = await RawClient.connect(one.url);
    client.send(rawPost(GENERATIONS, one.key, fields, ['x-stainless-retry-count: 0']));
    const { id } = await sandbox.nextRequest();
    client.leave();
    return id;
  }

  /** The answer to a retry of the call that is held at Recraft, which goes on once the other replica has found it. */
  async function retryOfHeld(send: () => Promise<Response>): Promise<Response> {
    const database = other.get<Database>(Database);
    const { query } = database;
    const { promise: found, resolve } = Promise.withResolvers<undefined>();
    using spy = jest.spyOn(database, 'query');
    spy.mockImplementation(async (sql, parameters) => {
      const rows = await query(sql, parameters);
      if (rows.length > 0 && /from (dispatches|idempotent_answers)/.test(sql)) resolve(undefined);
      return rows;
    });
    const answer = send();
    await found;
    expect(sandbox.release()).toBe(1);
    return await answer;
  }

  /** How many calls' outcomes are kept for retries. */
  async function keptOutcomes(): Promise<number> {
    const database = await home.open();
    const rows = await database.query(`select 1 from idempotent_answers where key like 'retry %'`);
    await database.close();
    return rows.length;
  }

  /** The answer to a client that marks its repeats, once it is stored: that is done after it went out. */
  async function receive(fields: object, from = one): Promise<string> {
    const answer = await from.post(GENERATIONS, fields, FIRST);
    const text = await answer.text();
    const database = await home.open();
    const lookUp = () =>
      database.query(`select 1 from idempotent_answers where request_id = $1`, [answer.headers.get('x-request-id')]);
    const giveUpAt = performance.now() + 5_000;
    let rows = await lookUp();
    while (rows.length === 0 && performance.now() < giveUpAt) rows = await lookUp();
    await database.close();
    expect(rows).toHaveLength(1);
    return text;
  }

  it('gets the answer of the call that runs there without its caller', async () => {
    sandbox.fault({ held: true });
    const fields = { ...aBody(), response_format: 'b64_json' };
    await sendAndLeave(fields);
    const answer = await retryOfHeld(() => other.post(GENERATIONS, fields, RETRY));
    expect(answer.headers.get('idempotent-replayed')).toBe('true');
    expect(((await answer.json()) as { data: [object] }).data[0]).toHaveProperty('b64_json');
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('gets the answer of the call that has ended there without its caller', async () => {
    sandbox.fault({ delayMs: 100 });
    const fields = aBody();
    await sandbox.ended(await sendAndLeave(fields));
    const answer = await other.post(GENERATIONS, fields, RETRY);
    expect(answer.status).toBe(200);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('gets the answer of the call whose caller seems to be there still', async () => {
    sandbox.fault({ held: true });
    const fields = aBody();
    const first = one.post(GENERATIONS, fields, FIRST);
    await sandbox.nextRequest();
    const retried = await retryOfHeld(() => other.post(GENERATIONS, fields, RETRY));
    expect(await retried.text()).toBe(await (await first).text());
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('gets the answer of an upload, told by its bytes', async () => {
    const form = (picture: Uint8Array<ArrayBuffer>) => {
      const fields = new FormData();
      fields.set('prompt', SECRET_PROMPT);
      fields.set('model', 'recraft/recraftv3');
      fields.set('image', new File([picture], 'fox.png', { type: 'image/png' }));
      return fields;
    };
    const picture = new Uint8Array(await aPicture());
    sandbox.fault({ held: true });
    const first = one.call('/v1/images/edits', { method: 'POST', body: form(picture), ...FIRST });
    await sandbox.nextRequest();
    const retried = await retryOfHeld(() =>
      other.call('/v1/images/edits', { method: 'POST', body: form(picture), ...RETRY }),
    );
    expect(await retried.text()).toBe(await (await first).text());
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('is told of a failure that may have been charged, and not sent', async () => {
    sandbox.fault({ held: true, status: 500, charged: true, body: 'broken' });
    const fields = aBody();
    await sendAndLeave(fields);
    const answer = await retryOfHeld(() => other.post(GENERATIONS, fields, RETRY));
    await expectError(answer, { status: 502, type: 'server_error', code: 'upstream_error' });
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('is told that the call may have been charged where its process is lost', async () => {
    sandbox.fault({ held: true });
    const fields = aBody();
    const first = one.post(GENERATIONS, fields, FIRST);
    await sandbox.nextRequest();
    // As it is once the time of a call is over whose process was killed.
    const database = await home.open();
    await database.query(`update dispatches set deadline = now() - interval '1 ms'`);
    await database.close();
    await expectError(await other.post(GENERATIONS, fields, RETRY), {
      status: 502,
      type: 'server_error',
      code: 'upstream_error',
    });
    sandbox.release();
    expect((await first).status).toBe(200);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('is told so, too, once the lost call was written off', async () => {
    sandbox.fault({ held: true });
    const fields = aBody();
    const first = one.post(GENERATIONS, fields, FIRST);
    await sandbox.nextRequest();
    const database = await home.open();
    await database.query(`update dispatches set deadline = now() - interval '1 ms'`);
    await other.get(DispatchSweep).sweep();
    expect(await database.query('select 1 from dispatches')).toEqual([]);
    await database.close();
    await expectError(await other.post(GENERATIONS, fields, RETRY), {
      status: 502,
      type: 'server_error',
      code: 'upstream_error',
    });
    sandbox.release();
    expect((await first).status).toBe(200);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('waits no longer than its own time, whatever became of the process', async () => {
    sandbox.fault({ held: true });
    const fields = aBody();
    const first = one.post(GENERATIONS, fields, FIRST);
    await sandbox.nextRequest();
    const hasty = await other.post(GENERATIONS, fields, {
      headers: { 'x-stainless-retry-count': '1', 'x-litellm-timeout': '0.2' },
    });
    await expectError(hasty, { status: 504, type: 'server_error', code: 'upstream_timeout' });
    expect(hasty.headers.get('x-should-retry')).toBe('false');
    sandbox.release();
    expect((await first).status).toBe(200);
    expect(sandbox.requests()).toHaveLength(1);
  });

  it('is sent where the first call cost nothing', async () => {
    sandbox.fault({ held: true, status: 503 });
    const fields = aBody();
    const first = one.post(GENERATIONS, fields, FIRST);
    await sandbox.nextRequest();
    expect((await retryOfHeld(() => other.post(GENERATIONS, fields, RETRY))).status).toBe(200);
    expect((await first).status).toBe(503);
    expect(sandbox.requests()).toHaveLength(2);
  });

  it('is sent where it asks for something else', async () => {
    sandbox.fault({ held: true });
    const first = await sendAndLeave(aBody());
    expect((await other.post(GENERATIONS, aBody(), RETRY)).status).toBe(200);
    sandbox.release();
    await sandbox.ended(first);
    expect(sandbox.charges().total).toBe(2 * ONE_PICTURE);
  });

  it('gets the answer again that went out there and was lost behind the socket', async () => {
    const fields = aBody();
    const sent = await receive(fields);
    for (const replica of [other, one, other]) {
      const again = await replica.post(GENERATIONS, fields, RETRY);
      expect(await again.text()).toBe(sent);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
    }
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('gets the last of the answers that went out there', async () => {
    const fields = aBody();
    await receive(fields);
    const last = await receive(fields);
    expect(await (await other.post(GENERATIONS, fields, RETRY)).text()).toBe(last);
    expect(sandbox.charges().total).toBe(2 * ONE_PICTURE);
  });

  it('is told so where the answer that went out there was too large to be stored, and is not sent', async () => {
    const fields = { ...aBody(), response_format: 'b64_json' };
    await receive(fields);
    await expectError(await other.post(GENERATIONS, fields, RETRY), { status: 410, code: 'answer_lost' });
    expect((await one.post(GENERATIONS, fields, RETRY)).status).toBe(200);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('finds in the database what its own replica has no room for any more', async () => {
    await using small = await startGateway(sandbox, { ...home.environment, ANSWER_MEMORY_BYTES: '500' });
    const fields = aBody();
    const sent = await receive(fields, small);
    await receive(aBody(), small);
    expect(await (await small.post(GENERATIONS, fields, RETRY)).text()).toBe(sent);
    expect(sandbox.charges().total).toBe(2 * ONE_PICTURE);
  });

  it('is no matter for a client that marks no repeats: no retry of its own will ever ask', async () => {
    sandbox.fault({ held: true });
    const first = one.post(GENERATIONS, aBody());
    await sandbox.nextRequest();
    const database = await home.open();
    expect(await database.query('select print from dispatches')).toEqual([{ print: null }]);
    await database.close();
    sandbox.release();
    expect((await first).status).toBe(200);
  });

  it('is sent, and nothing kept, where the first answer was received by a client that marks no repeats', async () => {
    const before = await keptOutcomes();
    const fields = aBody();
    await (await one.post(GENERATIONS, fields)).text();
    await (await other.post(GENERATIONS, fields, RETRY)).text();
    expect(sandbox.charges().total).toBe(2 * ONE_PICTURE);
    expect(await keptOutcomes()).toBe(before);
  });

  it('pays once by the official client, whose second attempt a load balancer gives to the other replica', async () => {
    sandbox.fault({ delayMs: 1_000 });
    let attempts = 0;
    const client = new OpenAI({
      baseURL: 'http://balancer/v1',
      apiKey: one.key,
      timeout: 400,
      fetch: (url, init) => fetch((url as string).replace('http://balancer', (attempts++ ? other : one).url), init),
    });
    const fields = aBody() as OpenAI.ImageGenerateParamsNonStreaming;
    expect((await client.images.generate(fields)).data).toHaveLength(1);
    expect(attempts).toBeGreaterThan(1);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
    expect(sandbox.requests()).toHaveLength(1);
  });
});
