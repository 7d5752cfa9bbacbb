/**
 * How much of Recraft's limit is used under ten times the load, and what callers see.
 *
 *     npm run build && node bench/goodput.mjs --seconds 60
 */
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { draw, startDispatch } from './dispatch-setup.mjs';

const OVERLOAD = 10;
/** Answers that may still be under way when the load ends. */
const LAST_ANSWER_MS = 1_500;

/**
 * Asks for ten times what the accounts take, evenly, for so many seconds; every caller can wait until the end and no longer.
 * Resolves to the share of the slots that were used, what Recraft refused, and what callers got.
 */
export async function goodput({ accounts = 1, replicas = 1, rps = 5, seconds = 12, straight = false }) {
  await using setup = await startDispatch({ accounts, replicas, rps });
  const targets = straight ? [setup.sandbox] : setup.urls;
  const began = performance.now();
  const end = began + seconds * 1_000;
  const calls = [];
  const everyMs = 1_000 / (rps * accounts * OVERLOAD);
  for (let due = began; due < end; due += everyMs) {
    const wait = due - performance.now();
    if (wait > 1) await pause(wait);
    const key = straight ? { key: `account-${calls.length % accounts}`, model: 'recraftv3_vector' } : {};
    const timeoutMs = Math.max(1, end + LAST_ANSWER_MS - performance.now());
    calls.push(draw(targets[calls.length % targets.length], { ...key, timeoutMs }));
  }
  const outcomes = await Promise.all(calls);
  const asked = await setup.requests();
  const first = Math.min(...asked.map(({ receivedAt }) => Date.parse(receivedAt)));
  const inTime = asked.filter(
    ({ receivedAt, status }) => status === 200 && Date.parse(receivedAt) < first + seconds * 1_000,
  );
  const count = (status) => outcomes.filter((outcome) => outcome.status === status).length;
  const refused = outcomes.filter(({ status }) => status === 429).map(({ ms }) => ms);
  return {
    asked: outcomes.length,
    served: count(200),
    slotsUsed: inTime.length / (rps * accounts * seconds),
    refusedByRecraft: asked.filter(({ status }) => status === 429).length,
    /** Refused by the gateway because they could not be served in time. */
    refused: refused.length,
    slowestRefusalMs: Math.max(0, ...refused),
    otherErrors: outcomes.length - count(200) - count(429),
  };
}

async function main() {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
  const seconds = Number(values.seconds);
  for (const scenario of [
    { name: 'straight at the sandbox', straight: true },
    { name: 'one account' },
    { name: 'three accounts', accounts: 3 },
    { name: 'three accounts, two replicas over Redis', accounts: 3, replicas: 2 },
  ]) {
    const { name, ...options } = scenario;
    console.log(name, await goodput({ ...options, seconds }));
  }
}

if (import.meta.main) await main();
