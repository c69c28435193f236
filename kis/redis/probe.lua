-- Tries what the other scripts need: the clock, a write, several keys together, and each of their commands. Leaves nothing.
-- KEYS  one or more random keys: where there are several, a cluster keeps them apart
local first, last = KEYS[1], KEYS[#KEYS]
local KEPT = 1000

redis.call('TIME')
redis.call('SET', first, '', 'PX', KEPT)
-- Before the first key that gets its lifetime only then: without this command, it would stay for ever.
redis.call('PEXPIRE', first, KEPT)
redis.call('EXISTS', first)
redis.call('PTTL', first)
redis.call('DEL', first)

redis.call('HSET', last, 'field', '1')
redis.call('PEXPIRE', last, KEPT)
redis.call('HEXISTS', last, 'field')
redis.call('HGET', last, 'field')
redis.call('HMGET', last, 'field')
redis.call('HKEYS', last)
redis.call('HINCRBYFLOAT', last, 'field', 1)
redis.call('HDEL', last, 'field')

redis.call('ZADD', last, 1, 'member')
redis.call('PEXPIRE', last, KEPT)
redis.call('ZCARD', last)
redis.call('ZCOUNT', last, 0, 1)
redis.call('ZRANGE', last, 0, 0)
redis.call('ZRANGEBYSCORE', last, 0, 1)
redis.call('ZREMRANGEBYSCORE', last, 2, 3)
redis.call('ZREM', last, 'member')
return redis.status_reply('OK')
