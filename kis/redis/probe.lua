-- Does what all scripts need: reads the clock, and writes.
-- KEYS[1]: a key of its own.
redis.call('TIME')
redis.call('SET', KEYS[1], '', 'PX', 1000)
return redis.status_reply('OK')
