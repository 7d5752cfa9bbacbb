import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { run } from '../../scripts/bounded-run.mjs';

const runProgram = (program, limitMs) => run(process.execPath, ['-e', program], { limitMs });

/** A program that starts another, which would never end and holds a connection for as long as it is there. */
const startingAnother = ({ port }, then) => `
  const { once } = require('node:events');
  const { spawn } = require('node:child_process');
  const another = \`require('node:net').connect(${port}, '127.0.0.1', () => console.log('connected'))\`;
  const child = spawn(process.execPath, ['-e', another], { stdio: ['ignore', 'pipe', 'inherit'] });
  once(child.stdout, 'data').then(() => ${then});`;

describe('A command that runs within bounds', () => {
  it.each([0, 3])('resolves to its exit code: %i', async (code) => {
    expect(await runProgram(`process.exit(${code})`, 60_000)).toBe(code);
  });

  it.each([
    ['hangs', 'undefined', 3_000, null],
    ['ends', 'process.exit(0)', 60_000, 0],
  ])('leaves nothing behind that it has started, when it %s', async (_, then, limitMs, code) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const running = runProgram(startingAnother(server.address(), then), limitMs);
    const [connection] = await once(server, 'connection');
    const gone = once(connection.on('error', () => undefined).resume(), 'close');

    expect(await running).toBe(code);
    await gone;
    server.close();
  });
});
