-- What workers tell each other of tokens: which are dead, which are being revoked, and of which a revoke has left open
-- whether they are.
--
-- KEYS[1]   the run that revokes; it is there for as long as its process lives (a lease)
-- KEYS[2…]  one for each token, a hash: dead; run, which revokes it; suspect, the run that left it open
-- ARGV[1]   what to do
-- ARGV[2…]  for each token: for how many milliseconds to remember it, and a word on it
--
-- Gives for each token how it stood before: '', 'dead', 'revoking', or the run that left it open.

local does, run = ARGV[1], KEYS[1]
local LEASE = 15000

local function standing(key)
	local known = redis.call('HMGET', key, 'dead', 'run', 'suspect')
	if known[1] then return 'dead' end
	if known[2] and known[2] ~= run then
		if redis.call('EXISTS', known[2]) == 1 then return 'revoking' end
		-- Its process has ended in the middle of it.
		return known[2]
	end
	return known[3] or ''
end

local function keep(key, milliseconds)
	if redis.call('PTTL', key) < tonumber(milliseconds) then redis.call('PEXPIRE', key, milliseconds) end
end

local function mark(key, before)
	if before == 'dead' then return end
	-- Whatever this run leaves, an earlier one has left it open.
	if before ~= '' and before ~= 'revoking' then redis.call('HSET', key, 'suspect', before) end
	redis.call('HSET', key, 'run', run)
end

local function settle(key, word)
	if redis.call('HGET', key, 'run') == run then redis.call('HDEL', key, 'run') end
	if word == 'dead' then
		redis.call('HDEL', key, 'run', 'suspect')
		redis.call('HSET', key, 'dead', '1')
	elseif word == 'open' then
		redis.call('HSET', key, 'suspect', run)
	end
end

-- KIS was asked after that run, and has said that the token is alive.
local function clear(key, before, word)
	if before == word then redis.call('HDEL', key, 'run', 'suspect') end
end

if does == 'begin' or does == 'extend' then redis.call('SET', run, '', 'PX', LEASE) end

local given = {}
for i = 2, #KEYS do
	local key, milliseconds, word = KEYS[i], ARGV[2 * i - 2], ARGV[2 * i - 1]
	local before = standing(key)
	given[i - 1] = before
	if does == 'begin' then mark(key, before) end
	if does == 'settle' then settle(key, word) end
	if does == 'clear' then clear(key, before, word) end
	if does == 'begin' or does == 'settle' then keep(key, milliseconds) end
end

if does == 'end' then redis.call('DEL', run) end
return given
