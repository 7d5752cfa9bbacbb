import { RedisScript } from '../../redis/redis.js';
import { LEAST_MARGIN_MS, MARGIN_HALF_LIFE_MS, MOST_MARGIN_MS } from './margin.js';

/** How often an instance asks again for a place that was not free. */
export const PLACE_PAUSE_MS = 100;
/** An instance that has not asked for so long waits for a place no more. */
const WAITING_LAPSE_MS = 4 * PLACE_PAUSE_MS;
/** Longer than any call: places that nobody takes any more are forgotten. */
const PLACES_LAPSE_MS = 2 * 3_600_000;
/** What was used within such a part of a rate's span is told as one. */
const TOLD_PARTS = 32;

/**
 * The slots of an account that several instances share, by the clock of Redis. One sorted set for each rate holds what was
 * used: `id:amount`, by the millisecond that it counts from, which may lie ahead: a slot that was taken beforehand. The
 * places of requests under way are a sorted set too: ids, by when their call is over at the latest. Instances that found
 * no place get theirs in the order in which they began to wait.
 *
 * KEYS: the pause (a hash, which holds the margin too: margin.ts), the places, who waits for one (a hash), then the log of
 * each rate.
 * ARGV: what to do, an id, and
 * - `take`: how far ahead a slot may lie (ms), the instance, how many places there are (0: any number), how long this one is
 *   held at most (ms), then for each rate span (ms), limit, amount, 1 where it counts requests.
 *   Answers whether a slot was taken, how long to wait, how long the pause still is, how many places are taken, and for each
 *   rate what was used before: how long it counts yet (ms) and how much, in turn, the latest first.
 * - `sent`, `back`: how long the place is held at most (ms), then for each rate the amount. The use counts from now on; it
 *   never was, and nor was the place.
 * - `leave`: the place is free.
 * - `pause`: how long ago the refused request was sent (ms), what the provider asked for (ms).
 */
export const SLOTS_SCRIPT = new RedisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local todo, id = ARGV[1], ARGV[2]
local FIRST_RATE = 4

local function member(amount) return id .. ':' .. amount end
local function stamp(at) return string.format('%.3f', at) end

if todo == 'leave' then return redis.call('ZREM', KEYS[2], id) end

local paused = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
local widened = redis.call('HMGET', KEYS[1], 'extra', 'since')
local extra = tonumber(widened[1] or '0') * 2 ^ ((tonumber(widened[2] or '0') - now) / ${MARGIN_HALF_LIFE_MS})

if todo == 'pause' then
  local since = tonumber(redis.call('HGET', KEYS[1], 'since') or '0')
  if now - tonumber(ARGV[3]) <= since then return 0 end
  local pauses = now - paused > 10000 and 0 or tonumber(redis.call('HGET', KEYS[1], 'pauses') or '0')
  local ms = math.max(tonumber(ARGV[4]), math.min(1000 * 2 ^ pauses, 30000))
  redis.call('HSET', KEYS[1], 'until', stamp(now + ms), 'since', stamp(now), 'pauses', pauses + 1,
    'extra', math.min(2 * extra + ${LEAST_MARGIN_MS}, ${MOST_MARGIN_MS - LEAST_MARGIN_MS}))
  redis.call('PEXPIRE', KEYS[1], math.ceil(ms) + 120000)
  return math.ceil(ms)
end

if todo == 'sent' or todo == 'back' then
  if todo == 'back' then redis.call('ZREM', KEYS[2], id)
  else redis.call('ZADD', KEYS[2], 'XX', stamp(now + ARGV[3]), id) end
  for rate = FIRST_RATE, #KEYS do
    local use = member(ARGV[rate])
    if todo == 'back' then redis.call('ZREM', KEYS[rate], use)
    else redis.call('ZADD', KEYS[rate], 'XX', 'GT', stamp(now), use) end
  end
  return 0
end

local instance, places, held = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])

-- Whether it is this instance's turn to take a place, and how many are taken.
local function mayEnter()
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', stamp(now))
  local taken = redis.call('ZCARD', KEYS[2])
  local since, others = now, {}
  local waiting = redis.call('HGETALL', KEYS[3])
  for index = 1, #waiting, 2 do
    local began, asked = string.match(waiting[index + 1], '(%S+) (%S+)')
    if tonumber(asked) + ${WAITING_LAPSE_MS} < now then redis.call('HDEL', KEYS[3], waiting[index])
    elseif waiting[index] == instance then since = tonumber(began)
    else others[#others + 1] = tonumber(began) end
  end
  local before = 0
  for _, began in ipairs(others) do
    if began < since then before = before + 1 end
  end
  if taken + before < places then
    redis.call('HDEL', KEYS[3], instance)
    return true, taken
  end
  redis.call('HSET', KEYS[3], instance, stamp(since) .. ' ' .. stamp(now))
  redis.call('PEXPIRE', KEYS[3], ${WAITING_LAPSE_MS})
  return false, taken
end

local answer = {}
local at = math.max(now, paused)
for rate = FIRST_RATE, #KEYS do
  local base = 7 + (rate - FIRST_RATE) * 4
  local span, limit, amount = tonumber(ARGV[base]), tonumber(ARGV[base + 1]), tonumber(ARGV[base + 2])
  if ARGV[base + 3] == '1' then
    local share = math.min(1, 0.5 + math.max(0, now - paused) / 4000)
    limit = math.max(1, math.floor(limit * share))
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[rate], '-inf', stamp(now - span - ${MOST_MARGIN_MS}))
  local part = span / ${TOLD_PARTS}
  span = span + ${LEAST_MARGIN_MS} + extra
  local uses = redis.call('ZREVRANGE', KEYS[rate], 0, -1, 'WITHSCORES')
  local used = 0
  local fits
  local told, latest = {}, math.huge
  for index = 1, #uses, 2 do
    local counted = tonumber(uses[index + 1])
    if counted + span <= now then break end
    local size = tonumber(string.match(uses[index], ':(%d+)$'))
    used = used + size
    if not fits and used + math.min(amount, limit) > limit then fits = counted + span end
    if latest - counted > part then
      latest = counted
      told[#told + 1] = 0
      told[#told + 1] = 0
    end
    told[#told - 1] = math.ceil(counted + span - now)
    told[#told] = told[#told] + size
  end
  if amount > 0 and fits then at = math.max(at, fits) end
  answer[#answer + 1] = told
end

local entered, taken = true, 0
if places > 0 then entered, taken = mayEnter() end
local pause = stamp(math.max(0, paused - now))
if not entered then
  return { 0, stamp(math.max(at - now, ${PLACE_PAUSE_MS})), pause, taken, unpack(answer) }
end
if at - now > tonumber(ARGV[3]) then return { 0, stamp(at - now), pause, taken, unpack(answer) } end
if places > 0 then
  redis.call('ZADD', KEYS[2], stamp(now + held), id)
  redis.call('PEXPIRE', KEYS[2], ${PLACES_LAPSE_MS})
end
for rate = FIRST_RATE, #KEYS do
  local base = 7 + (rate - FIRST_RATE) * 4
  if ARGV[base + 2] ~= '0' then
    redis.call('ZADD', KEYS[rate], stamp(at), member(ARGV[base + 2]))
    redis.call('PEXPIRE', KEYS[rate], 2 * math.ceil(tonumber(ARGV[base])))
  end
end
return { 1, stamp(at - now), pause, taken, unpack(answer) }
`);
