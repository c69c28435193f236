-- Tries what the other scripts need: the clock, and a write.
-- KEYS[1]  a random key
redis.call('TIME')
redis.call('SET', KEYS[1], '', 'PX', 1000)
return redis.status_reply('OK')
