/**
 * How much of Recraft's limit is used under ten times the load, and what callers see.
 *
 *     npm run build && node bench/goodput.mjs             # about ten minutes; needs redis-server
 *     node bench/goodput.mjs --seconds 8                  # a quick look
 *     node bench/goodput.mjs --write                      # puts the figures into bench/README.md
 */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { draw, startDispatch } from './dispatch-setup.mjs';
import { eventLoop } from './event-loop.mjs';
import { startPortkey } from './portkey.mjs';
import { describeGoodput, writeInto } from './report.mjs';

const OVERLOAD = 10;
/** Answers that may still be under way when the load ends. */
const LAST_ANSWER_MS = 1_500;
/** The sandbox remembers its last thousand requests: they are read before it forgets them. */
const READ_EVERY_MS = 4_000;
const SECOND_MS = 1_000;

/**
 * Asks for ten times what the accounts take, evenly, for so many seconds; every caller can wait until the end and no longer.
 * In a `burst` the load lasts for a tenth of the time: it comes to what the accounts take in all of it.
 *
 * `through` says where callers ask: `gateway`, `sandbox` (nobody stands between) or `portkey`. Resolves to the share of the
 * slots that were used, what Recraft refused, what callers got, and what the processes say of themselves (watch.mjs).
 */
export async function goodput(options) {
  const { accounts = 1, replicas = 1, rps = 5, seconds = 12, through = 'gateway', burst = false } = options;
  await using setup = await startDispatch({ accounts, replicas: through === 'gateway' ? replicas : 0, rps });
  await using portkey = through === 'portkey' ? await startPortkey() : undefined;
  const end = performance.now() + seconds * SECOND_MS;
  const seen = new Map();
  const read = async () => {
    for (const request of await setup.requests()) seen.set(request.id, request);
  };
  const reading = through === 'gateway' ? undefined : setInterval(read, READ_EVERY_MS);
  const load = { everyMs: SECOND_MS / (rps * accounts * OVERLOAD), until: burst ? end - seconds * 900 : end };
  const calls = await ask(load, (turn) => {
    const key = through === 'gateway' ? {} : { key: `account-${turn % accounts}`, model: 'recraftv3_vector' };
    const timeoutMs = Math.max(1, end + LAST_ANSWER_MS - performance.now());
    const urls = { gateway: setup.urls, sandbox: [setup.sandbox], portkey: [portkey?.url] }[through];
    const headers = portkey?.headersFor(setup.sandbox);
    return draw(urls[turn % urls.length], { ...key, headers, timeoutMs });
  });
  const outcomes = await Promise.all(calls);
  clearInterval(reading);
  await read();
  const watched = await setup.watched();
  return { ...figuresOf([...seen.values()], outcomes, { accounts, rps, seconds }), ...timingOf(watched, rps) };
}

/** Begins a call whenever one is due; resolves to all of them, under way. */
async function ask({ everyMs, until }, call) {
  const calls = [];
  for (let due = performance.now(); due < until; due += everyMs) {
    const wait = due - performance.now();
    if (wait > 1) await pause(wait);
    calls.push(call(calls.length));
  }
  return calls;
}

function figuresOf(asked, outcomes, { accounts, rps, seconds }) {
  const first = Math.min(...asked.map(({ receivedAt }) => Date.parse(receivedAt)));
  const inTime = asked.filter(
    ({ receivedAt, status }) => status === 200 && Date.parse(receivedAt) < first + seconds * SECOND_MS,
  );
  const count = (status) => outcomes.filter((outcome) => outcome.status === status).length;
  const refused = outcomes.filter(({ status }) => status === 429).map(({ ms }) => ms);
  return {
    asked: outcomes.length,
    served: count(200),
    slotsUsed: inTime.length / (rps * accounts * seconds),
    refusedByRecraft: asked.filter(({ status }) => status === 429).length,
    /** Refused by whoever was asked: where that is the gateway, because they could not be served in time. */
    refused: refused.length,
    slowestRefusalMs: Math.max(0, ...refused),
    otherErrors: outcomes.length - count(200) - count(429),
    errorShare: 1 - count(200) / outcomes.length,
  };
}

/** The shortest time in which more than the limit left for one account, and the longest that a process was held up. */
function timingOf(watched, rps) {
  const sent = Map.groupBy(
    watched.flatMap((each) => each.sent),
    ({ key }) => key,
  );
  const spans = [...sent.values()].flatMap((ofOne) => {
    const times = ofOne.map(({ at }) => at).toSorted((a, b) => a - b);
    return times.slice(rps).map((at, index) => at - times[index]);
  });
  return { shortestSpanMs: Math.min(...spans), lagMs: Math.max(...watched.map(({ lagMs }) => lagMs)) };
}

const SCENARIOS = [
  { name: 'straight at the sandbox, one account', through: 'sandbox' },
  { name: 'through Portkey 1.15.2, one account', through: 'portkey' },
  { name: 'one account' },
  { name: 'three accounts', accounts: 3 },
  { name: 'three accounts, two replicas over Redis', accounts: 3, replicas: 2 },
  { name: 'a burst, straight at the sandbox', through: 'sandbox', burst: true },
  { name: 'a burst, through Portkey 1.15.2', through: 'portkey', burst: true },
  { name: 'a burst, one account', burst: true },
];

async function main() {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, write: { type: 'boolean', default: false } },
  });
  const seconds = Number(values.seconds);
  const results = [];
  for (const { name, ...options } of SCENARIOS) {
    const figures = await goodput({ ...options, seconds });
    console.log(name, figures);
    results.push({ name, ...figures });
  }
  const loop = await eventLoop();
  console.log('event loop', loop);
  const page = path.join(import.meta.dirname, 'README.md');
  if (values.write) await writeInto(page, describeGoodput(results, loop, seconds), 'goodput');
}

if (import.meta.main) await main();
