-- GCRA, the generic cell rate algorithm (ITU-T I.371 annex A), one bucket. Its twin is gcra.ts; a property test
-- runs both.
--
-- The bucket is one number, its "theoretical arrival time" (tat): the microsecond at which it is full again.
-- `tat - now` says how much of it is used. Each attempt costs `interval` (period / count) microseconds; it is
-- allowed when what is used afterwards is no more than `burst` (interval * count), and only then moves tat.
--   * Everything is a whole number of microseconds: doubles are exact up to 2^53, far beyond any of these.
--   * The clock is Redis' own, so that all services share one. If it jumps back, tat is cut to now + burst:
--     nobody waits longer than a whole period.
--   * A refused attempt changes nothing.
--   * The key lives a second longer than the bucket needs to be full again. A missing key therefore means: never
--     used, or forgotten (flushed, evicted, restarted). `remembered` is how much the caller knows to be used;
--     it counts only then, so that a flush gives nobody a new budget.
--
-- KEYS[1] the bucket
-- ARGV    interval, burst, 1 to take or 0 to peek, remembered, [now: tests only]
-- Returns {1 when limited else 0, microseconds used afterwards}

local interval = tonumber(ARGV[1])
local burst = tonumber(ARGV[2])
local take = ARGV[3] == '1'
local now = tonumber(ARGV[5])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local stored = tonumber(redis.call('GET', KEYS[1]))
local tat = stored or now + tonumber(ARGV[4])
tat = math.min(math.max(tat, now), now + burst)

local limited = tat + interval - now > burst
if take and not limited then
  tat = tat + interval
end
if take and not (limited and stored) then
  -- %.0f: tostring() would round to 14 digits.
  redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000) + 1000)
end
return { limited and 1 or 0, tat - now }
