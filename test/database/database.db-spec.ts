import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import type { Database } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { openDatabase } from '../../src/database/open-database.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

jest.setTimeout(30_000);

let home: TestDatabase;
let database: Database;

beforeAll(async () => {
  home = await testDatabase();
  database = await home.open();
  await database.query('create table things (id bigint primary key, made timestamptz, what jsonb, tags text[])');
});

afterAll(async () => {
  await database.close();
  await home[Symbol.asyncDispose]();
});

describe('A server that does not answer', () => {
  it('is waited for with the reason in every line, and without the password', async () => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => lines.push(line) });
    const nobody = { kind: 'postgres', url: 'postgres://ann:secret-word@127.0.0.1:1/x' } as const;
    await expect(openDatabase(nobody, logger, 600)).rejects.toThrow('ECONNREFUSED');

    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ reason: expect.stringContaining('ECONNREFUSED') as unknown });
    expect(lines.join()).not.toContain('secret-word');
  });
});

describe('A statement', () => {
  it('takes values and brings them back with their types', async () => {
    const made = new Date('2026-02-03T04:05:06.789Z');

    await database.query('insert into things values ($1, $2, $3::jsonb, $4::text[])', [
      2 ** 53 - 1,
      made,
      JSON.stringify({ a: [1, 'zwei'] }),
      ['x', 'y"z'],
    ]);

    expect(await database.query('select *, null as nothing from things where id > $1', [7])).toEqual([
      { id: 2 ** 53 - 1, made, what: { a: [1, 'zwei'] }, tags: ['x', 'y"z'], nothing: null },
    ]);
  });

  it('that is refused says so by its SQLSTATE, and the next one works', async () => {
    await database.query('insert into things (id) values (1)');

    await expect(database.query('insert into things (id) values ($1)', [1])).rejects.toMatchObject({
      name: 'SqlError',
      code: '23505',
      constraint: 'things_pkey',
    });
    await expect(database.query('select 1 as one')).resolves.toEqual([{ one: 1 }]);
  });

  it('may answer much', async () => {
    const rows = await database.query<{ n: number; text: string }>(
      "select n, repeat('ä', 1000) as text from generate_series(1, 5000) as n",
    );

    expect(rows).toHaveLength(5000);
    expect(rows.at(-1)).toEqual({ n: 5000, text: 'ä'.repeat(1000) });
  });

  it('that brings a whole number which no number holds is an error, not a rounded figure', async () => {
    await expect(database.query('select 9007199254740993::bigint as n')).rejects.toThrow();
  });
});

describe('A value', () => {
  it('is one text, however long', async () => {
    const long = 'ä"\n'.repeat(100_000);
    expect(await database.value('select $1 || $2 as text', ['x', long])).toBe(`x${long}`);
  });

  it('is undefined where there is none', async () => {
    expect(await database.value('select null where $1::text is not null', ['x'])).toBeUndefined();
    expect(await database.value('select what::text from things where $1::text is null', ['x'])).toBeUndefined();
  });

  it('is committed', async () => {
    expect(await database.value('insert into things (id) values ($1::bigint) returning id::text', ['30'])).toBe('30');
    expect(await database.query('select id from things where id = 30')).toEqual([{ id: 30 }]);
  });

  it('that is refused says so by its SQLSTATE, and the next one works', async () => {
    const refused = database.value('select 1 / $1::integer', ['0']);
    await expect(refused).rejects.toMatchObject({ name: 'SqlError', code: '22012' });
    await expect(database.value('not a statement $1', ['x'])).rejects.toMatchObject({
      name: 'SqlError',
      code: '42601',
    });
    expect(await database.value('select $1::text', ['next'])).toBe('next');
  });
});

describe('A transaction', () => {
  it('is committed as a whole', async () => {
    const answer = await database.transaction(async (query) => {
      await query('insert into things (id) values (10)');
      await query('insert into things (id) values (11)');
      return 'done';
    });

    expect(answer).toBe('done');
    expect(await database.query('select id from things where id in (10, 11) order by id')).toEqual([
      { id: 10 },
      { id: 11 },
    ]);
  });

  it('leaves nothing behind where it fails', async () => {
    const failing = database.transaction(async (query) => {
      await query('insert into things (id) values (20)');
      throw new Error('changed my mind');
    });

    await expect(failing).rejects.toThrow('changed my mind');
    expect(await database.query('select id from things where id = 20')).toEqual([]);
  });

  it('sees nothing of others that run at the same time half done', async () => {
    await database.query('create table counter (n bigint)');
    await database.query('insert into counter values (0)');

    await Promise.all(
      Array.from({ length: 20 }, () =>
        database.transaction(async (query) => {
          const [row] = await query<{ n: number }>('select n from counter for update');
          await query('update counter set n = $1', [(row?.n ?? 0) + 1]);
        }),
      ),
    );

    expect(await database.query('select n from counter')).toEqual([{ n: 20 }]);
  });
});

describe('A notification', () => {
  it('is heard on its channel, until the listening ends', async () => {
    const heard: string[] = [];
    const { promise: first, resolve: tell } = Promise.withResolvers<undefined>();
    const hear = (payload: string): void => {
      heard.push(payload);
      tell(undefined);
    };
    const stop = await database.listen('my "channel"', hear, () => undefined);
    await database.query('select pg_notify($1, $2)', ['other', 'not mine']);
    await database.query('select pg_notify($1, $2)', ['my "channel"', 'hello']);
    await first;
    await stop();

    await database.query('select pg_notify($1, $2)', ['my "channel"', 'too late']);
    await database.query('select 1');

    expect(heard).toEqual(['hello']);
  });
});

describe('The schema', () => {
  it('is brought up to date once', async () => {
    expect(await migrate(database)).toEqual([]);
  });

  it('is changed by all the missing steps or by none', async () => {
    const steps = [
      { version: 9001, name: 'good', sql: 'create table good (id int)' },
      { version: 9002, name: 'bad', sql: 'create table bad (' },
    ];

    await expect(migrate(database, steps)).rejects.toMatchObject({ name: 'SqlError' });

    expect(await database.query("select to_regclass('good') as good")).toEqual([{ good: null }]);
  });

  it('is left as it is by a program that knows fewer steps', async () => {
    expect(await migrate(database, [])).toEqual([]);
  });
});
