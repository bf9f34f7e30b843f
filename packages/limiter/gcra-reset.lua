-- Empties a bucket of gcra.lua. The key is not deleted but set to "full since now", as long as the old one would
-- have lived: a missing key would make other services bring in what they remember of it.
--
-- KEYS[1] the bucket

local ttl = redis.call('PTTL', KEYS[1])
if ttl > 0 then
  redis.call('SET', KEYS[1], '0', 'PX', ttl)
end
return 0
