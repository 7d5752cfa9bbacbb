import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Database } from '../../src/database/database.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { CHEAP_FIRST, drawnAt, startDeployments } from '../support/deployments.js';
import { expectError } from '../support/expect-error.js';
import type { RunningGateway } from '../support/gateway.js';
import { generateKey, withKey } from '../support/keys.js';

jest.setTimeout(60_000);

let home: TestDatabase;
let sandboxes: Sandbox[];
let gateway: RunningGateway;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  home = stack.use(await testDatabase());
  const { entries, settings, environment } = CHEAP_FIRST;
  const own = { ...environment, ...home.environment };
  ({ sandboxes, gateway } = await startDeployments(stack, entries, settings, own));
});

afterEach(() => {
  for (const sandbox of sandboxes) sandbox.reset();
});

afterAll(() => stack.disposeAsync());

/** A key with a budget asks for one picture, which the cheap deployment cannot make; what came of it, and the books. */
async function askWith(maxBudget: number, model: string) {
  sandboxes[0]?.fault({ status: 503, times: 3 });
  const { key, token } = await generateKey(gateway, { max_budget: maxBudget });
  const answer = await gateway.post('/v1/images/generations', { prompt: 'a fox', model }, withKey(key));
  const database = gateway.get<Database>(Database);
  const [budget] = await database.query(
    'select spent_micro_dollars as spent, reserved_micro_dollars as reserved from budgets where scope = $1',
    [`key:${token}`],
  );
  const rows = await database.query(
    'select model, status, cost_micro_dollars as cost from spend_logs where key_id = $1 order by sequence',
    [token],
  );
  return { answer, drawn: sandboxes.map(drawnAt), budget, rows };
}

const FAILED_CHEAP = { model: 'recraftv2', status: 'failure', cost: 0 };
const PAID_DEAR = { model: 'recraftv3', status: 'success', cost: 40_000 };

describe('A request that moves on to a dearer deployment of its group', () => {
  it('is refused before it is sent there where its budget has no room for that', async () => {
    const { answer, drawn, budget, rows } = await askWith(0.03, 'pair');
    await expectError(answer, { status: 429, type: 'budget_exceeded', code: 'budget_exceeded' });
    expect(drawn).toEqual([1, 0]);
    expect(budget).toEqual({ spent: 0, reserved: 0 });
    expect(rows).toEqual([FAILED_CHEAP]);
  });

  it('is reserved anew at the dearer price where there is room', async () => {
    const { answer, drawn, budget, rows } = await askWith(0.05, 'pair');
    expect([answer.status, answer.headers.get('x-litellm-response-cost')]).toEqual([200, '0.04']);
    expect(drawn).toEqual([1, 1]);
    expect(budget).toEqual({ spent: 40_000, reserved: 0 });
    expect(rows).toEqual([FAILED_CHEAP, PAID_DEAR]);
  });
});

describe('A request that moves on to another model at the same price', () => {
  it('is in the ledger under the model that drew its picture', async () => {
    let asked = await askWith(0.05, 'same');
    // Either may be the first; this is about what begins where it cannot be drawn.
    while (asked.drawn[0] === 0) {
      for (const sandbox of sandboxes) sandbox.reset();
      asked = await askWith(0.05, 'same');
    }
    const { answer, drawn, budget, rows } = asked;
    expect(answer.status).toBe(200);
    expect(drawn).toEqual([1, 1]);
    expect(budget).toEqual({ spent: 40_000, reserved: 0 });
    expect(rows).toEqual([FAILED_CHEAP, PAID_DEAR]);
  });
});

describe('A request that falls back to a dearer group', () => {
  it('is not sent there where its budget has no room for that, and is told its first failure', async () => {
    const { answer, drawn, budget, rows } = await askWith(0.03, 'cheap');
    expect(answer.status).toBe(503);
    expect(drawn[1]).toBe(0);
    expect(budget).toEqual({ spent: 0, reserved: 0 });
    expect(rows).toEqual(rows.map(() => FAILED_CHEAP));
  });

  it('is reserved anew at the dearer price where there is room', async () => {
    const { answer, drawn, budget, rows } = await askWith(0.05, 'cheap');
    expect([answer.status, answer.headers.get('x-litellm-response-cost')]).toEqual([200, '0.04']);
    expect(drawn[1]).toBe(1);
    expect(budget).toEqual({ spent: 40_000, reserved: 0 });
    expect(rows.at(-1)).toEqual(PAID_DEAR);
  });
});
