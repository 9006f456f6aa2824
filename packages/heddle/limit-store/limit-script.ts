import type { StoreAnswer, StoreQuestion } from "@heddle/filters";
import type { Reply } from "./resp-reader.ts";

/** The limits of one exchange; `isSettled`: one that is charged whether it fits or not. */
export interface LimitGroup {
  readonly questions: readonly StoreQuestion[];
  readonly isSettled: boolean;
}

/** A server does nothing else while a script runs: more limits go in another call. */
export const MAX_LIMITS_PER_CALL = 128;

const PREFIX = "heddle:limit:";
const WORDS_PER_LIMIT = 6;
const ANSWERS_PER_LIMIT = 4;

/** Words of EVALSHA behind the digest: the number of keys, the keys, the groups. */
export function encodeGroup(groups: readonly LimitGroup[]): (string | number)[] {
  const keys: string[] = [];
  const words: (string | number)[] = [];
  for (const { questions, isSettled } of groups) {
    words.push(questions.length);
    for (const question of questions) {
      keys.push(PREFIX + question.key);
      words.push(...meterWords(question), question.cost, isSettled ? 2 : question.isShadow ? 1 : 0);
    }
  }
  return [keys.length, ...keys, ...words];
}

/** Four words: the way of counting and its terms, in microseconds. */
function meterWords({ meter }: StoreQuestion): (string | number)[] {
  switch (meter.kind) {
    case "token-bucket":
      return ["b", meter.tokens, meter.periodMs * 1000, meter.burst];
    case "sliding-window":
      return ["s", meter.quota, meter.windowMs * 1000, 0];
    case "fixed-window":
      return ["f", meter.quota, meter.unit, 0];
  }
}

/** The answers by group; null when the reply is none of the script's. */
export function readAnswers(groups: readonly LimitGroup[], reply: Reply): StoreAnswer[][] | null {
  const count = groups.reduce((sum, { questions }) => sum + questions.length, 0);
  if (!Array.isArray(reply) || reply.length !== count * ANSWERS_PER_LIMIT) return null;
  if (!reply.every((one) => typeof one === "number")) return null;
  let at = 0;
  return groups.map(({ questions }) =>
    questions.map(() => {
      const [fits, remaining, resetMs, retryMs] = reply.slice(at, (at += ANSWERS_PER_LIMIT)) as number[];
      return { fits: fits === 1, remaining, resetMs, retryMs };
    }),
  );
}

/**
 * Counts as the meters of the filter do, by the server's clock, each group in one step. Times are microseconds since
 * 2024, which leaves doubles fractions. Numbers are written with all their digits ("%.17g").
 *
 * A limit is looked at by its `look`, which gives what has been used (a count, or microseconds ahead) and what to write
 * when it is charged; nothing is charged before all limits of the group that refuse have been looked at.
 *
 * A server's date may be set back, or be a replica's that is behind. What a bucket or a sliding window has from a time
 * to come is moved to now, as it was then: else nobody would pass until that time is there. A calendar's window follows
 * the date, and each time that it is set costs one quota at most.
 */
export const limitScript = `
local clock = redis.call('TIME')
local seconds = tonumber(clock[1])
local now = (seconds - 1704067200) * 1000000 + tonumber(clock[2])

local function number(value) return string.format('%.17g', value) end

local function bucket(key, tokens, period, burst, cost)
  local each = period / tokens
  local capacity = burst * each
  -- When it will be full, and when that was written.
  local kept = redis.call('GET', key) or ''
  local full, at = string.match(kept, '^(%S+) ?(%S*)$')
  full, at = tonumber(full or now) or now, tonumber(at or now) or now
  local function write(ahead)
    local value = number(now + ahead) .. ' ' .. number(now)
    redis.call('SET', key, value, 'PX', string.format('%d', math.ceil(ahead / 1000) + 1000))
  end
  local ahead = math.max(0, full - math.max(now, at))
  if at > now then write(ahead) end
  local need = math.max(cost * each, each / 1000)
  -- What rounding makes of sums is no reason to refuse, nor to let one more through.
  local over = ahead + need - capacity - each / 100000
  local limit = { fits = over <= 0 }
  limit.charge = function()
    if cost == 0 then return end
    ahead = math.min(ahead + cost * each, capacity * 1024)
    write(ahead)
  end
  limit.tell = function(fits)
    local left = math.max(0, math.floor((capacity - ahead) / each + 0.00001))
    local retry = fits and 0 or math.max(1, math.ceil(math.min(over, ahead) / 1000))
    return left, math.ceil(ahead / 1000), retry
  end
  return limit
end

local function sliding(key, quota, window, cost)
  local size = window / 8
  local slice = math.floor(now / size)
  local counts, total, moved = {}, 0, 0
  local fields = redis.call('HGETALL', key)
  for at = 1, #fields, 2 do
    local of, count = tonumber(fields[at]), tonumber(fields[at + 1])
    if of >= slice - 8 and of <= slice then
      counts[of] = (counts[of] or 0) + count
      total = total + count
    else
      redis.call('HDEL', key, fields[at])
      if of > slice then moved = moved + count end
    end
  end
  if moved > 0 then
    redis.call('HINCRBY', key, string.format('%d', slice), string.format('%d', moved))
    counts[slice] = (counts[slice] or 0) + moved
    total = total + moved
  end
  local need = math.max(1, cost)
  local limit = { fits = total + need <= quota }
  limit.charge = function()
    if cost == 0 then return end
    redis.call('HINCRBY', key, string.format('%d', slice), string.format('%d', cost))
    redis.call('PEXPIRE', key, string.format('%d', math.ceil(window * 9 / 8 / 1000) + 1000))
    total = total + cost
  end
  limit.tell = function(fits)
    local reset = total == 0 and 0 or math.ceil(((slice + 9) * size - now) / 1000)
    local retry = fits and 0 or reset
    if not fits then
      local left = total
      for age = 8, 1, -1 do
        left = left - (counts[slice - age] or 0)
        if left + need <= quota then
          retry = math.max(1, math.ceil(((slice + 9 - age) * size - now) / 1000))
          break
        end
      end
    end
    return math.max(0, quota - total), reset, retry
  end
  return limit
end

-- Days since 1970 of the first of a month, and the month of a day (proleptic Gregorian).
local function firstOf(month)
  local year, of = math.floor(month / 12), month % 12 + 1
  if of <= 2 then year = year - 1 end
  local era = math.floor(year / 400)
  local inEra = year - era * 400
  local day = math.floor((153 * (of + (of > 2 and -3 or 9)) + 2) / 5)
  return era * 146097 + inEra * 365 + math.floor(inEra / 4) - math.floor(inEra / 100) + day - 719468
end

local function monthOf(days)
  local month = math.floor(days / 30.436875) + 1970 * 12
  while firstOf(month) > days do month = month - 1 end
  while firstOf(month + 1) <= days do month = month + 1 end
  return month
end

local lengths = { minute = 60, hour = 3600, day = 86400 }

local function fixed(key, quota, unit, cost)
  local window, finish
  if unit == 'month' then
    window = monthOf(math.floor(seconds / 86400))
    finish = firstOf(window + 1) * 86400
  else
    window = math.floor(seconds / lengths[unit])
    finish = (window + 1) * lengths[unit]
  end
  local kept = redis.call('HMGET', key, 'w', 'c')
  local count = tonumber(kept[1] or -1) == window and tonumber(kept[2] or 0) or 0
  local limit = { fits = count + math.max(1, cost) <= quota }
  limit.charge = function()
    if cost == 0 then return end
    count = count + cost
    redis.call('HSET', key, 'w', string.format('%d', window), 'c', string.format('%d', count))
    redis.call('EXPIREAT', key, string.format('%d', finish + 1))
  end
  limit.tell = function(fits)
    local left = math.ceil(finish * 1000 - seconds * 1000 - tonumber(clock[2]) / 1000)
    return math.max(0, quota - count), left, fits and 0 or math.max(1, left)
  end
  return limit
end

local answers = {}
local key, at = 1, 1
while at <= #ARGV do
  local size = tonumber(ARGV[at])
  at = at + 1
  local limits, all = {}, true
  for i = 1, size do
    local way, cost, mode = ARGV[at], tonumber(ARGV[at + 4]), ARGV[at + 5]
    local limit
    if way == 'b' then
      limit = bucket(KEYS[key], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), cost)
    elseif way == 's' then
      limit = sliding(KEYS[key], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), cost)
    else
      limit = fixed(KEYS[key], tonumber(ARGV[at + 1]), ARGV[at + 2], cost)
    end
    limit.mode = mode
    if mode == '0' and not limit.fits then all = false end
    limits[i] = limit
    key = key + 1
    at = at + ${WORDS_PER_LIMIT}
  end
  for i = 1, size do
    local limit = limits[i]
    if limit.mode == '2' or (all and limit.fits) then limit.charge() end
    local left, reset, retry = limit.tell(limit.fits)
    answers[#answers + 1] = limit.fits and 1 or 0
    answers[#answers + 1] = left
    answers[#answers + 1] = reset
    answers[#answers + 1] = retry
  end
end
return answers
`;
