-- A plain counter that vanishes a while after its last change. As in gcra.lua, a missing key starts from what the
-- caller remembers, and clearing sets it to 0 instead of deleting it, so that a flush does not reset it and a
-- clearing does.
--
-- KEYS[1] the counter
-- ARGV    'add', remembered, milliseconds to live | 'clear'
-- Returns the value

if ARGV[1] == 'clear' then
  local ttl = redis.call('PTTL', KEYS[1])
  if ttl > 0 then
    redis.call('SET', KEYS[1], '0', 'PX', ttl)
  end
  return 0
end

local value = (tonumber(redis.call('GET', KEYS[1])) or tonumber(ARGV[2])) + 1
-- A second longer than the caller remembers it.
redis.call('SET', KEYS[1], string.format('%.0f', value), 'PX', ARGV[3] + 1000)
return value
