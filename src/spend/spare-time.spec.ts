import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { SpareTime } from './spare-time.js';

const MS = 30;

it('A process has time to spare where its event loop waits, and none where it works', async () => {
  const time = new SpareTime();
  const until = performance.now() + MS;
  while (performance.now() < until);
  expect(time.wasNone()).toBe(true);
  // A process that a busy machine keeps from its turn waits, too, and is not seen to: another wait shows it.
  do await pause(MS);
  while (time.wasNone());
});
