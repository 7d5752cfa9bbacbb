import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { EmbeddedDatabase } from '../../src/database/embedded-database.js';
import { PostgresDatabase } from '../../src/database/postgres-database.js';
import { openDatabase } from '../../src/database/open-database.js';
import type { Database } from '../../src/database/database.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { onPostgres, silent, type TestDatabase, testDatabase } from '../support/database.js';
import { expectError } from '../support/expect-error.js';
import { startGateway } from '../support/gateway.js';
import { aCall, aCaller, aCharge, LedgerOn } from '../support/ledger.js';

jest.setTimeout(60_000);

const PRICE = 40_000;

let home: TestDatabase;

beforeEach(async () => {
  home = await testDatabase();
  await (await home.open()).close();
});

afterEach(async () => {
  await home[Symbol.asyncDispose]();
});

/** A way to the database that can be cut and mended. */
interface Outage extends AsyncDisposable {
  readonly database: Database;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

const breakable = (): Promise<Outage> => (onPostgres ? behindProxy() : killable());

/** PostgreSQL behind a door that can be shut. */
async function behindProxy(): Promise<Outage> {
  const target = new URL(home.environment['DATABASE_URL'] ?? '');
  const sockets = new Set<Socket>();
  const serve = (inner: Socket): void => {
    const outer = connect(Number(target.port), target.hostname);
    for (const socket of [inner, outer]) sockets.add(socket.on('error', () => undefined));
    inner.pipe(outer).pipe(inner);
  };
  let server: Server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = new URL(target);
  url.port = String(port);
  const database = new PostgresDatabase(url.href, silent);
  const cut = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  return {
    database,
    cut,
    mend: async () => {
      server = createServer(serve).listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await cut();
    },
  };
}

/** The embedded database's process can be killed; it comes back by itself. */
async function killable(): Promise<Outage> {
  const database = await EmbeddedDatabase.open(home.environment['DATA_DIR'] ?? '', silent);
  return {
    database,
    cut: async () => {
      process.kill(embeddedPid(), 'SIGKILL');
      while (database.isUp) await pause(5);
    },
    mend: async () => {
      while (!database.isUp) await pause(20);
    },
    [Symbol.asyncDispose]: () => database.close(),
  };
}

/** The child of this process that has the folder open. */
function embeddedPid(): number {
  const children = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  const line = children.split('\n').find((child) => child.endsWith(` ${home.environment['DATA_DIR'] ?? ''}`));
  if (line === undefined) throw new Error(`No process has the folder open:\n${children}`);
  return Number.parseInt(line, 10);
}

describe('While the database is away', () => {
  it('nothing is sent: a reservation is refused with 503 and when to try again', async () => {
    await using outage = await breakable();
    const on = new LedgerOn(outage.database);
    await outage.cut();

    await expect(on.ledger.reserve(aCall(aCaller([]), PRICE))).rejects.toMatchObject({
      fault: 'databaseDown',
      status: 503,
      retryAfterSeconds: 5,
    });
    expect(outage.database.isUp).toBe(false);
    await outage.mend();
  });

  it('an answer is let go after a while, and its charge is recorded when the database is back', async () => {
    await using outage = await breakable();
    const on = new LedgerOn(outage.database);
    const reservation = await on.ledger.reserve(aCall(aCaller([]), PRICE));
    await outage.cut();

    const startedAt = performance.now();
    await reservation.settle(aCharge(PRICE));
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    await outage.mend();

    while ((await on.log().catch(() => [])).length === 0) await pause(50);
    expect(await on.log()).toMatchObject([{ status: 'success', cost: PRICE }]);
    expect(await outage.database.query('select 1 from dispatches')).toEqual([]);
  });

  it('notifications that may have been missed are told as a gap, and later ones are heard', async () => {
    await using outage = await breakable();
    const heard: string[] = [];
    const { promise: gap, resolve: tell } = Promise.withResolvers<undefined>();
    await outage.database.listen(
      'news',
      (payload) => heard.push(payload),
      () => {
        tell(undefined);
      },
    );
    await outage.cut();
    await outage.mend();
    await gap;

    await outage.database.query("select pg_notify('news', 'later')");
    while (heard.length === 0) await pause(10);

    expect(heard).toEqual(['later']);
  });
});

describe('A gateway that stops', () => {
  it('has recorded what it answered, before it closes the database', async () => {
    await using sandbox = await Sandbox.start({ requestsPerSecond: 0, latencyMs: 100 });
    const gateway = await startGateway(sandbox, home.environment);
    const asking = Array.from({ length: 5 }, () =>
      gateway.post('/v1/images/generations', { model: 'recraft/recraftv3', prompt: 'a fox' }),
    );
    for (let n = 0; n < 5; n++) await sandbox.nextRequest();

    await gateway.close();

    expect((await Promise.all(asking)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const database = await home.open();
    expect(await new LedgerOn(database).log()).toHaveLength(5);
    expect(await database.query('select 1 from dispatches')).toEqual([]);
    await database.close();
  });
});

describe('A database that cannot be used', () => {
  it('tells no password', async () => {
    const refused = openDatabase({ kind: 'postgres', url: 'postgres://me:hush@127.0.0.1:1/x' }, silent, 0);

    await expect(refused).rejects.toThrow(/^The database cannot be used: (?!.*hush)/);
  });
});

// The embedded database has one session, in which nobody can be in its own way.
const describeServer = onPostgres ? describe : describe.skip;

describeServer('While the database hangs', () => {
  it('requests are told so when their time is over, those that wait for the statement before theirs, too', async () => {
    await using sandbox = await Sandbox.start({ requestsPerSecond: 0 });
    await using gateway = await startGateway(sandbox, home.environment);
    const order = { model: 'recraft/recraftv3', prompt: 'a fox' };
    const ask = () => gateway.post('/v1/images/generations', order, { headers: { 'x-litellm-timeout': '0.5' } });
    const database = await home.open();

    const answers = await database.transaction(async (query) => {
      await query('lock table dispatches');
      const beganAt = performance.now();
      const first = ask();
      const others = pause(100).then(() => Promise.all([ask(), ask()]));
      const all = [await first, ...(await others)];
      expect(performance.now() - beganAt).toBeLessThan(5_000);
      return all;
    });

    for (const answer of answers) {
      await expectError(answer, { status: 503, type: 'no_db_connection', code: 'no_db_connection' });
    }
    expect((await gateway.post('/v1/images/generations', order)).status).toBe(200);
    expect(sandbox.requests()).toHaveLength(1);
    const rows = await database.query(`select status, fault from spend_logs where status = 'failure'`);
    expect(rows).toEqual(rows.map(() => ({ status: 'failure', fault: 'databaseDown' })));
    expect(await database.query('select 1 from dispatches')).toEqual([]);
    await database.close();
  });
});

if (!onPostgres) {
  describe('The folder of an embedded database', () => {
    it('is open to one gateway at a time: the start of another ends with a line that names it', async () => {
      const first = await home.open();

      await expect(
        openDatabase({ kind: 'embedded', folder: home.environment['DATA_DIR'] ?? '' }, silent),
      ).rejects.toThrow(/cannot be used: .*data is in use by another gateway/);
      await first.close();
    });
  });
}
