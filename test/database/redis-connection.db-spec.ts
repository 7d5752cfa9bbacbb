import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { RedisConnection } from '../../src/redis/redis-connection.js';
import { RedisScript } from '../../src/redis/redis.js';
import { hasRedis, RedisServer } from '../support/redis-server.js';

const describeWithRedis = hasRedis ? describe : describe.skip;

const COUNT = new RedisScript("return redis.call('INCRBY', KEYS[1], ARGV[1])");

/** A connection, and what it logs. */
function connect(url: string, keyPrefix = 'test:') {
  const lines: string[] = [];
  const connection = new RedisConnection({ url, keyPrefix }, pino({}, { write: (line: string) => lines.push(line) }));
  return {
    connection,
    lines,
    [Symbol.dispose]: () => {
      connection.onApplicationShutdown();
    },
  };
}

/** What commands have come to before the event loop turns: one that waits for anything at all is `pending`. */
async function atOnce(commands: readonly Promise<unknown>[]): Promise<string[]> {
  const turn = new Promise<string>((resolve) => setImmediate(resolve, 'pending'));
  const outcomes = commands.map((command) =>
    command.then(
      () => 'fulfilled',
      () => 'rejected',
    ),
  );
  return Promise.all(outcomes.map((outcome) => Promise.race([outcome, turn])));
}

/** Looks again until it is so: the test's own time limit ends a wait in vain. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(5);
}

describeWithRedis('The connection to Redis', () => {
  it('runs a script that Redis has not seen, and one that it has, under keys with the prefix', async () => {
    await using server = await RedisServer.start();
    using one = connect(server.url, 'one:');
    using two = connect(server.url, 'two:');
    await until(() => one.connection.isUp && two.connection.isUp);

    expect(await one.connection.run(COUNT, ['n'], [2])).toBe(2);
    expect(await one.connection.run(COUNT, ['n'], [3])).toBe(5);
    expect(await two.connection.run(COUNT, ['n'], [1])).toBe(1);
  });

  it('refuses at once where nothing listens, says so once, and works as soon as Redis is there', async () => {
    await using server = await RedisServer.start();
    await server.stop();
    using client = connect(server.url);
    await until(() => client.lines.length > 0);

    const attempts = Array.from({ length: 1_000 }, () => client.connection.run(COUNT, ['n'], [1]));
    expect(await atOnce(attempts)).toEqual(attempts.map(() => 'rejected'));
    await server.start();
    await until(() => client.connection.isUp);
    expect(await client.connection.run(COUNT, ['n'], [1])).toBe(1);
    expect(client.lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'Redis does not answer: what replicas share is kept by each for itself.',
      'Redis answers.',
    ]);
  });

  it('counts a Redis that hangs as down after one second, and as up when it goes on', async () => {
    await using server = await RedisServer.start();
    using client = connect(server.url);
    await until(() => client.connection.isUp);
    server.freeze();

    const hanging = client.connection.run(COUNT, ['n'], [1]);
    const patience = pause(1_500).then(() => 'waits on');
    await expect(Promise.race([hanging, patience])).rejects.toThrow('Command timed out');
    await until(() => !client.connection.isUp);
    expect(await atOnce([client.connection.run(COUNT, ['n'], [1])])).toEqual(['rejected']);
    server.thaw();
    await until(() => client.connection.isUp);
    await expect(client.connection.run(COUNT, ['n'], [1])).resolves.toEqual(expect.any(Number));
  });

  it('gives the error of a script that fails, and stays up', async () => {
    await using server = await RedisServer.start();
    using client = connect(server.url);
    await until(() => client.connection.isUp);

    await expect(client.connection.run(new RedisScript("return redis.call('NONSENSE')"), [], [])).rejects.toThrow();
    expect(client.connection.isUp).toBe(true);
  });
});
