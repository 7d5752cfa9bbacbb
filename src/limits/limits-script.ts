import { RedisScript } from '../redis/redis.js';

/**
 * Lets a demand in or refuses it, over all its scopes as one step. The clock is Redis' own, the same for all replicas.
 *
 * KEYS: for each scope a list of times of requests, a list of `time:images:images so far`, a sorted set of leases.
 * ARGV: id, images, milliseconds of a lease, of the window, of the wait for a place; then for each scope its three limits,
 * -1 for none. Answers: the time in microseconds; scope and limit that refuse (from 0, -1: none), milliseconds to wait; then
 * for each scope what is left of requests, milliseconds to the next, the same of images.
 */
export const ENTER = new RedisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local id, images, lease, window = ARGV[1], tonumber(ARGV[2]), ARGV[3] * 1000, ARGV[4] * 1000
local scopes = #KEYS / 3
local refusal = { -1, -1, 0 }
local limits, sums = {}, {}

local function milliseconds(microseconds)
  return math.max(1, math.ceil(microseconds / 1000))
end

local function refuse(scope, limit, wait)
  if wait > refusal[3] then refusal = { scope - 1, limit, wait } end
end

local function timeOf(entry)
  return tonumber(string.match(entry, '^%d+'))
end

local function forget(list)
  local head = redis.call('LINDEX', list, 0)
  while head and timeOf(head) + window <= now do
    redis.call('LPOP', list)
    head = redis.call('LINDEX', list, 0)
  end
  return head
end

local function imagesOf(entry)
  local own, total = string.match(entry, ':(%d+):(%d+)$')
  return tonumber(own), tonumber(total)
end

for scope = 1, scopes do
  local requests, pictures, leases = KEYS[scope * 3 - 2], KEYS[scope * 3 - 1], KEYS[scope * 3]
  local rpm, ipm, parallel = tonumber(ARGV[scope * 3 + 3]), tonumber(ARGV[scope * 3 + 4]), tonumber(ARGV[scope * 3 + 5])
  local count, sum, total = 0, 0, 0
  if rpm >= 0 then
    forget(requests)
    count = redis.call('LLEN', requests)
    if count >= rpm then
      local entry = redis.call('LINDEX', requests, count - rpm)
      refuse(scope, 0, entry and milliseconds(timeOf(entry) + window - now) or window / 1000)
    end
  end
  if ipm >= 0 then
    local head = forget(pictures)
    if head then
      local own, first = imagesOf(head)
      local _, last = imagesOf(redis.call('LINDEX', pictures, -1))
      sum, total = last - first + own, last
    end
    local excess = sum + images - ipm
    if images > 0 and excess > 0 then
      local wait = window / 1000
      for _, entry in ipairs(redis.call('LRANGE', pictures, 0, excess - 1)) do
        excess = excess - imagesOf(entry)
        if excess <= 0 then
          wait = milliseconds(timeOf(entry) + window - now)
          break
        end
      end
      refuse(scope, 1, wait)
    end
  end
  if parallel >= 0 then
    redis.call('ZREMRANGEBYSCORE', leases, '-inf', string.format('%.0f', now))
    if redis.call('ZCARD', leases) >= parallel then refuse(scope, 2, tonumber(ARGV[5])) end
  end
  limits[scope] = { rpm, ipm, parallel }
  sums[scope] = { count, sum, total }
end

local admitted = refusal[1] < 0
local answer = { now, refusal[1], refusal[2], refusal[3] }
local stamp = string.format('%.0f', now)
for scope = 1, scopes do
  local requests, pictures, leases = KEYS[scope * 3 - 2], KEYS[scope * 3 - 1], KEYS[scope * 3]
  local rpm, ipm, parallel = unpack(limits[scope])
  local count, sum, total = unpack(sums[scope])
  if admitted and rpm >= 0 then
    redis.call('RPUSH', requests, stamp)
    redis.call('PEXPIRE', requests, window / 1000)
    count = count + 1
  end
  if admitted and ipm >= 0 and images > 0 then
    redis.call('RPUSH', pictures, stamp .. ':' .. images .. ':' .. string.format('%.0f', total + images))
    redis.call('PEXPIRE', pictures, window / 1000)
    sum = sum + images
  end
  if admitted and parallel >= 0 then
    redis.call('ZADD', leases, string.format('%.0f', now + lease), id)
    redis.call('PEXPIRE', leases, lease / 1000)
  end
  for _, one in ipairs({ { requests, rpm, count }, { pictures, ipm, sum } }) do
    local head = one[2] >= 0 and redis.call('LINDEX', one[1], 0)
    table.insert(answer, one[2] < 0 and -1 or math.max(0, one[2] - one[3]))
    table.insert(answer, head and milliseconds(timeOf(head) + window - now) or 0)
  end
end
return answer
`);

/**
 * Takes out what was counted of a demand. KEYS: for each scope its list of requests and its list of images. ARGV: the time
 * that it was let in at, its images, `images` or `everything`.
 */
export const GIVE_BACK = new RedisScript(`
local entryOf = ARGV[1] .. ':' .. ARGV[2] .. ':'
for at = 1, #KEYS, 2 do
  local requests, pictures = KEYS[at], KEYS[at + 1]
  if ARGV[3] == 'everything' then redis.call('LREM', requests, -1, ARGV[1]) end
  local entries = redis.call('LRANGE', pictures, 0, -1)
  for place = #entries, 1, -1 do
    if string.sub(entries[place], 1, #entryOf) == entryOf then
      redis.call('LREM', pictures, -1, entries[place])
      -- Those behind it were added up on top of it.
      for later = place + 1, #entries do
        local own, total = string.match(entries[later], '^(.*:)(%d+)$')
        redis.call('LSET', pictures, later - 2, own .. string.format('%.0f', total - ARGV[2]))
      end
      break
    end
  end
end
`);

/** Gives the places of requests back. KEYS: leases; ARGV: the id in each. */
export const LEAVE = new RedisScript(`
for at = 1, #KEYS do redis.call('ZREM', KEYS[at], ARGV[at]) end
`);

/** Keeps the places of requests that are still running. KEYS: leases; ARGV: milliseconds, then the id in each. */
export const RENEW = new RedisScript(`
local time = redis.call('TIME')
local until_ = string.format('%.0f', time[1] * 1000000 + time[2] + ARGV[1] * 1000)
for at = 1, #KEYS do
  redis.call('ZADD', KEYS[at], until_, ARGV[at + 1])
  redis.call('PEXPIRE', KEYS[at], ARGV[1])
end
`);
