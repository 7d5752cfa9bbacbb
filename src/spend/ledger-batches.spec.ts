import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type Database, SqlError } from '../database/database.js';
import { Metrics } from '../telemetry/metrics.js';
import { LedgerBatches } from './ledger-batches.js';
import type { EndingEntry, ReservationEntry } from './ledger-entries.js';
import { SpendMetrics } from './spend-metrics.js';

const LONGEST_WAIT_MS = 5_000;

/** A statement that the database works on: who is in it, and how it ends. */
interface Statement {
  readonly ids: readonly string[];
  answer(): void;
  refuse(sqlState: string): void;
  break(): void;
}

/** A database that works on statements until it is told to end them, and the batches of a gateway that has time to spare or not. */
function aDatabase({ isBusy = false } = {}) {
  const underWay: Statement[] = [];
  let most = 0;
  const value = (_sql: string, [endings, reservations]: readonly string[]) => {
    const ids = [endings, reservations]
      .flatMap((list) => JSON.parse(String(list)) as { id: string }[])
      .map(({ id }) => id);
    return new Promise<string>((resolve, reject) => {
      const end = (): void => void underWay.splice(underWay.indexOf(statement), 1);
      const statement: Statement = {
        ids,
        answer: () => {
          end();
          resolve('{}');
        },
        refuse: (sqlState) => {
          end();
          reject(new SqlError('refused', sqlState, undefined));
        },
        break: () => {
          end();
          reject(new Error('the connection broke'));
        },
      };
      most = Math.max(most, underWay.push(statement));
    });
  };
  const database = { value } as unknown as Database;
  const metrics = new SpendMetrics(new Metrics(() => true));
  const batches = new LedgerBatches(database, metrics, pino({ enabled: false }), { wasNone: () => isBusy });
  const take = async (): Promise<Statement> => {
    const patience = performance.now() + LONGEST_WAIT_MS;
    while (underWay[0] === undefined && performance.now() < patience) await turn();
    if (underWay[0] === undefined) throw new Error('No statement came.');
    return underWay[0];
  };
  return { batches, underWay, take, most: () => most };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** More turns of the event loop than a batch needs to go out. */
async function turns(): Promise<void> {
  for (let n = 0; n < 20; n++) await turn();
}

const failureOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

const toReserve = (id: string): ReservationEntry => ({ id, seq: 0, key: 'k', images: 1, ttl: 1_000 });
const toEnd = (id: string): EndingEntry => ({ id, seq: 0, status: 'success' });

describe('The batches of the ledger', () => {
  it('go one after the other; what comes meanwhile goes together', async () => {
    const { batches, underWay, take, most } = aDatabase();
    const first = batches.end(toEnd('a'));
    await turns();
    const others = [batches.end(toEnd('b')), batches.reserve(toReserve('c'))];
    await turns();
    expect(underWay.map(({ ids }) => ids)).toEqual([['a']]);
    (await take()).answer();
    await first;
    (await take()).answer();
    await Promise.all(others);
    expect(most()).toBe(1);
    await batches.close(1_000);
  });

  it.each([
    { gateway: 'the same turn where the gateway has time to spare', isBusy: false, together: ['a'] },
    { gateway: 'the next turn where it is busy, with what comes until then', isBusy: true, together: ['a', 'b'] },
  ])('go out in $gateway', async ({ isBusy, together }) => {
    const { batches, take } = aDatabase({ isBusy });
    const ended = [batches.end(toEnd('a'))];
    await turn();
    ended.push(batches.end(toEnd('b')));
    const statement = await take();
    expect(statement.ids).toEqual(together);
    statement.answer();
    if (!isBusy) (await take()).answer();
    await Promise.all(ended);
    await batches.close(1_000);
  });

  it('wait before they are tried again, with what its reservations are released by, and none is lost', async () => {
    const { batches, underWay, take } = aDatabase();
    const ended = batches.end(toEnd('a'));
    const released = batches.reserve(toReserve('b')).catch(() => batches.end(toEnd('b')));
    (await take()).break();
    await turns();
    expect(underWay).toEqual([]);

    const again = await take();
    expect(again.ids).toEqual(['a', 'b']);
    again.answer();
    await Promise.all([ended, released]);
    expect(batches.pendingEndings).toBe(0);
    await batches.close(1_000);
  });

  it('are given to the database again at once where others were in its way', async () => {
    const { batches, take } = aDatabase();
    const done = [batches.end(toEnd('a')), batches.reserve(toReserve('b'))];
    (await take()).refuse('40P01');
    const again = await take();
    expect(again.ids).toEqual(['a', 'b']);
    again.answer();
    await Promise.all(done);
    await batches.close(1_000);
  });

  it('tell a request that has no time left that the database is away, wherever its reservation is', async () => {
    const { batches, take } = aDatabase();
    const soon = performance.now() + 50;
    const down = { fault: 'databaseDown' };
    const underWay = failureOf(batches.reserve(toReserve('a'), soon));
    const statement = await take();
    const waiting = failureOf(batches.reserve(toReserve('b'), soon));
    const later = batches.reserve(toReserve('c'), performance.now() + 60_000);
    expect(await Promise.all([underWay, waiting])).toMatchObject([down, down]);
    statement.answer();
    const next = await take();
    expect(next.ids).toEqual(['c']);
    next.answer();
    expect(await later).toBeUndefined();
    await batches.close(1_000);
  });

  it('are not sent where all that they were for has run out of time', async () => {
    const { batches, underWay, take } = aDatabase();
    const first = failureOf(batches.reserve(toReserve('a')));
    const statement = await take();
    const waiting = failureOf(batches.reserve(toReserve('b'), performance.now() + 50));
    statement.break();
    expect(await first).toMatchObject({ message: 'the connection broke' });
    expect(await waiting).toMatchObject({ fault: 'databaseDown' });
    // By then it would have been tried again: timers of the same length go off in their order.
    await pause(500);
    await turns();
    expect(underWay).toEqual([]);
    await batches.close(1_000);
  });

  it('grant nothing to a budget of which the database says nothing', async () => {
    const { batches, take } = aDatabase();
    const refused = failureOf(batches.reserve({ ...toReserve('a'), scopes: ['key:k'] }));
    (await take()).answer();
    expect(await refused).toMatchObject({ fault: 'databaseDown' });
    await batches.close(1_000);
  });

  it('are waited for at the end', async () => {
    const { batches, take } = aDatabase();
    void batches.end(toEnd('a'));
    const statement = await take();
    const closing = batches.close(60_000);
    expect(await Promise.race([closing.then(() => 'closed'), turns().then(() => 'open')])).toBe('open');
    statement.answer();
    await closing;
    expect(batches.pendingEndings).toBe(0);
  });
});
