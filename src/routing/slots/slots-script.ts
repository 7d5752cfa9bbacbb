import { RedisScript } from '../../redis/redis.js';
import { LEAST_MARGIN_MS, MARGIN_HALF_LIFE_MS, MOST_MARGIN_MS } from './margin.js';

/**
 * The slots of an account that several instances share, by the clock of Redis. One sorted set for each rate holds what was
 * used: `id:amount`, by the millisecond that it counts from, which may lie ahead: a slot that was taken beforehand.
 *
 * KEYS: the pause (a hash, which holds the margin too: margin.ts), then the log of each rate.
 * ARGV: what to do, an id, and
 * - `take`: how far ahead a slot may lie (ms), then for each rate span (ms), limit, amount, 1 where it counts requests.
 *   Answers whether a slot was taken, how long to wait, how many requests are left, how long the pause still is.
 * - `sent`, `back`: for each rate the amount. The use counts from now on; it never was.
 * - `pause`: how long ago the refused request was sent (ms), what the provider asked for (ms).
 */
export const SLOTS_SCRIPT = new RedisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local todo, id = ARGV[1], ARGV[2]
local paused = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
local widened = redis.call('HMGET', KEYS[1], 'extra', 'since')
local extra = tonumber(widened[1] or '0') * 2 ^ ((tonumber(widened[2] or '0') - now) / ${MARGIN_HALF_LIFE_MS})

local function member(amount) return id .. ':' .. amount end
local function stamp(at) return string.format('%.3f', at) end

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
  for rate = 2, #KEYS do
    local use = member(ARGV[rate + 1])
    if todo == 'back' then redis.call('ZREM', KEYS[rate], use)
    else redis.call('ZADD', KEYS[rate], 'XX', 'GT', stamp(now), use) end
  end
  return 0
end

local at = math.max(now, paused)
local left = math.huge
for rate = 2, #KEYS do
  local base = 3 + (rate - 2) * 4
  local span, limit, amount = tonumber(ARGV[base + 1]), tonumber(ARGV[base + 2]), tonumber(ARGV[base + 3])
  local requests = ARGV[base + 4] == '1'
  if requests then
    local share = math.min(1, 0.5 + math.max(0, now - paused) / 4000)
    limit = math.max(1, math.floor(limit * share))
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[rate], '-inf', stamp(now - span - ${MOST_MARGIN_MS}))
  span = span + ${LEAST_MARGIN_MS} + extra
  local uses = redis.call('ZREVRANGE', KEYS[rate], 0, -1, 'WITHSCORES')
  local used = 0
  local fits
  for index = 1, #uses, 2 do
    if tonumber(uses[index + 1]) + span <= now then break end
    used = used + tonumber(string.match(uses[index], ':(%d+)$'))
    if not fits and used + math.min(amount, limit) > limit then fits = tonumber(uses[index + 1]) + span end
  end
  if amount > 0 and fits then at = math.max(at, fits) end
  if requests then left = math.min(left, math.max(0, limit - used)) end
end

local pause = math.max(0, paused - now)
if left == math.huge then left = 0 end
if at - now > tonumber(ARGV[3]) then return { 0, stamp(at - now), left, stamp(pause) } end
for rate = 2, #KEYS do
  local base = 3 + (rate - 2) * 4
  if ARGV[base + 3] ~= '0' then
    redis.call('ZADD', KEYS[rate], stamp(at), member(ARGV[base + 3]))
    redis.call('PEXPIRE', KEYS[rate], 2 * math.ceil(tonumber(ARGV[base + 1])))
  end
end
return { 1, stamp(at - now), left, stamp(pause) }
`);
