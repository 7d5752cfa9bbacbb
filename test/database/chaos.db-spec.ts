import { describe, expect, it, jest } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import OpenAI from 'openai';
import { type Fault, type RecordedRequest, Sandbox } from '../../src/sandbox/sandbox.js';
import { onPostgres, testDatabase } from '../support/database.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { random } from '../support/random.js';
import { hasRedis, RedisServer } from '../support/redis-server.js';
import { Replicas } from '../support/replicas.js';

jest.setTimeout(180_000);

const CALLS = 1_000;
const CALLERS = 24;
/** After so many answers a replica is killed, and Redis restarted. */
const KILLS = [250, 600];
const REDIS_RESTART = 420;
const DEADLINE = { REQUEST_TIMEOUT_MS: '4000', RESERVATION_MARGIN_MS: '200' };
const SWEPT_AFTER_MS = 4_000 + 200 + 3_000;
const GENERATIONS = '/v1/images/generations';
const ONE_PICTURE = 80;
/** How long it may take from a call's record to the end of its answer, on a machine with much to do. */
const RECORD_TO_ANSWER_MS = 500;

/** What becomes of a request at Recraft, and how often of a thousand. The rest is answered after a while. */
const TROUBLES: readonly (readonly [perMille: number, fault: Fault])[] = [
  [20, { status: 503 }],
  [3, { status: 429 }],
  [15, { status: 500 }],
  [20, { status: 500, charged: true }],
  [20, { dropBeforeHeaders: true }],
  [20, { dropAfterBytes: 30 }],
  [20, { delayMs: 1_500 }],
];

/** The same troubles in the same order with every run of a seed. */
function planOf(next: () => number): Fault[] {
  return Array.from({ length: CALLS }, () => {
    let left = next() * 1_000;
    const trouble = TROUBLES.find(([perMille]) => (left -= perMille) < 0);
    return { path: GENERATIONS, ...(trouble?.[1] ?? { delayMs: Math.floor(60 + next() * 180) }) };
  });
}

interface Row {
  readonly label: string;
  readonly status: string;
  readonly cost: number;
  readonly unconfirmed: number;
  /** Milliseconds since 1970. */
  readonly ended: number;
}

/** A whole number of calls' answers, awaited by those who make trouble at that time. */
class Progress {
  done = 0;
  private readonly waiting: { readonly at: number; readonly resolve: () => void }[] = [];

  count(): void {
    this.done++;
    for (const { at, resolve } of this.waiting) if (this.done >= at) resolve();
  }

  reached(at: number): Promise<void> {
    return new Promise((resolve) => this.waiting.push({ at, resolve }));
  }
}

const describeReplicas = onPostgres && hasRedis ? describe : describe.skip;

describeReplicas('Two replicas that are killed, a Redis that restarts and a Recraft that fails at random', () => {
  it(`pay once for each of ${CALLS} calls and answer all of them`, async () => {
    const seed = Number(process.env['SEED'] ?? 20_261_127);
    const next = random(seed);
    await using home = await testDatabase();
    await using redis = await RedisServer.start();
    await using sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 10_000_000 });
    sandbox.fault(...planOf(next));
    const environment = {
      ...home.environment,
      ...DEADLINE,
      REDIS_URL: redis.url,
      // The slots go through Redis, and leave the pace to Recraft.
      UPSTREAM_RPS: '1000',
      NUM_RETRIES: '2',
      REPLICAS: '2',
    };
    await using replicas = new Replicas(() => GatewayProcess.start(sandbox, environment));
    await Promise.all([replicas.add(), replicas.add()]);

    const progress = new Progress();
    const client = new OpenAI({
      baseURL: 'http://balancer/v1',
      apiKey: 'sk-1234',
      maxRetries: 5,
      fetch: replicas.fetch,
    });
    /** What each caller was told in the end: a status, whatever happened on the way. */
    const told = new Map<string, number | undefined>();
    const ask = async (label: string): Promise<void> => {
      const order = { model: 'recraft/recraftv3_vector', prompt: label, user: label };
      const options = isKeyed(label) ? { headers: { 'idempotency-key': label } } : {};
      const status = await client.images.generate(order, options).then(
        () => 200,
        (error: unknown) => (error as { status?: number }).status,
      );
      told.set(label, status);
      progress.count();
    };
    /** A success that was recorded when a replica was about to be killed, so that its answer may never have gone out. */
    const isCutOff = (ended: number): boolean =>
      killedAt.some((at) => ended > at - RECORD_TO_ANSWER_MS && ended < at + RECORD_TO_ANSWER_MS);
    /** The sandbox remembers the last thousand requests; a record is filled in as its request goes on. */
    const received = new Map<string, RecordedRequest>();
    const remember = (): void => {
      for (const request of sandbox.requests()) received.set(request.id, request);
    };

    // Trouble needs requests to meet: callers wait at the second kill until the first replica is back.
    const killedAt: number[] = [];
    const kill = (): Promise<void> => {
      killedAt.push(Date.now());
      return replicas.replace();
    };
    const firstBack = progress.reached(KILLS[0] ?? 0).then(kill);
    const secondBack = Promise.all([firstBack, progress.reached(KILLS[1] ?? 0)]).then(kill);
    const redisBack = progress.reached(REDIS_RESTART).then(async () => {
      await redis.stop();
      await pause(300);
      await redis.start();
    });
    let asked = 0;
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        while (asked < CALLS) {
          const call = asked++;
          if (call === (KILLS[1] ?? 0)) await firstBack;
          await ask(`call-${call}`);
          if (call % 100 === 0) remember();
        }
      }),
    );
    await Promise.all([firstBack, secondBack, redisBack]);
    await pause(SWEPT_AFTER_MS);
    remember();

    const database = await home.open();
    const rows = await database.query<Row>(`select end_user as label, status, cost_micro_dollars as cost,
      unconfirmed_micro_dollars as unconfirmed, extract(epoch from ended_at)::float8 * 1000 as ended from spend_logs`);
    const open = await database.query('select 1 from dispatches');
    await database.close();

    const charged = Map.groupBy(
      [...received.values()].filter(({ credits }) => credits > 0),
      ({ fields }) => String(fields['prompt']),
    );
    const rowsOf = Map.groupBy(rows, ({ label }) => label);
    const sum = (label: string, what: 'cost' | 'unconfirmed'): number =>
      (rowsOf.get(label) ?? []).reduce((total, row) => total + row[what], 0);
    const labels = Array.from({ length: CALLS }, (_, call) => `call-${call}`);
    const books = labels.map((label) => ({
      label,
      told: told.get(label),
      charges: charged.get(label)?.length ?? 0,
      paid: (charged.get(label) ?? []).reduce((total, { credits }) => total + credits * 1_000, 0),
      cost: sum(label, 'cost'),
      inDoubt: sum(label, 'unconfirmed'),
      successes: (rowsOf.get(label) ?? []).filter(({ status }) => status === 'success').length,
      wasCutOff: (rowsOf.get(label) ?? []).some(({ status, ended }) => status === 'success' && isCutOff(ended)),
    }));

    const paid = books.reduce((total, book) => total + book.paid, 0);
    expect({ seed, credits: paid / 1_000 }).toEqual({ seed, credits: sandbox.charges().total });
    // Every caller was told how its call ended, and a picture that was handed out is one that was paid.
    expect({ seed, unanswered: books.filter((book) => book.told === undefined) }).toEqual({ seed, unanswered: [] });
    const unpaid = books.filter((book) => book.told === 200 && (book.charges === 0 || book.successes === 0));
    expect({ seed, unpaid }).toEqual({ seed, unpaid: [] });
    // What Recraft charged is in the ledger, as a cost or as a doubt.
    const wrong = books.filter((book) => book.cost > book.paid || book.paid > book.cost + book.inDoubt);
    expect({ seed, wrong }).toEqual({ seed, wrong: [] });
    expect(open).toEqual([]);
    // No call was paid twice. Without a key only one may be whose replica was killed between its record and its answer
    // (docs/decisions/paid-once.md): both are in the ledger then.
    const isExcused = (book: (typeof books)[number]): boolean =>
      !isKeyed(book.label) && book.wasCutOff && book.charges === 2 && book.successes === 2;
    const twice = books.filter((book) => book.charges > 1 && !isExcused(book));
    expect({ seed, twice }).toEqual({ seed, twice: [] });
    // The test tested something.
    expect(replicas.lost).toBeGreaterThan(0);
    expect(rows.some(({ status }) => status === 'possibly_charged')).toBe(true);
    expect(books.filter((book) => book.told === 200).length).toBeGreaterThan(0.85 * CALLS);
    expect(paid).toBeGreaterThan(0.85 * CALLS * ONE_PICTURE * 1_000);
  });
});

/** Every other caller sends an idempotency key; the others leave it to what the client says of its retries. */
function isKeyed(label: string): boolean {
  return Number(label.replace('call-', '')) % 2 === 0;
}
