-- What workers tell each other of tokens: which are dead, which are being revoked, and of which a revoke has left open
-- whether they are.
--
-- KEYS[1]   the run that revokes; it is there for as long as its process lives (a lease)
-- KEYS[2…]  one for each token, a hash: dead; suspect, the run that left it open; and a field for each run that revokes it
-- ARGV[1]   what to do
-- ARGV[2…]  for each token: for how many milliseconds to remember it, and a word on it
--
-- Gives for each token how it stood before: '', 'dead', 'revoking', or the run that left it open. To extend, which names no
-- token: one '' if the run was not there any more, and so its marks may be gone, or have been taken for those of a dead process.

local does, run = ARGV[1], KEYS[1]
local LEASE = 15000

local function standing(key)
	if redis.call('HEXISTS', key, 'dead') == 1 then return 'dead' end
	local leftOpenBy = redis.call('HGET', key, 'suspect') or ''
	for _, field in ipairs(redis.call('HKEYS', key)) do
		if field ~= 'suspect' and field ~= run then
			if redis.call('EXISTS', field) == 1 then return 'revoking' end
			-- Its process has ended in the middle of it.
			leftOpenBy = field
		end
	end
	return leftOpenBy
end

local function keep(key, milliseconds)
	if redis.call('PTTL', key) < tonumber(milliseconds) then redis.call('PEXPIRE', key, milliseconds) end
end

local function settle(key, word)
	redis.call('HDEL', key, run)
	if word == 'dead' then
		redis.call('DEL', key)
		redis.call('HSET', key, 'dead', '1')
	elseif word == 'open' then
		redis.call('HSET', key, 'suspect', run)
	end
end

-- KIS was asked after that run, and has said that the token is alive.
local function clear(key, before, word)
	if before ~= word then return end
	redis.call('HDEL', key, word)
	if redis.call('HGET', key, 'suspect') == word then redis.call('HDEL', key, 'suspect') end
end

local given = {}
if does == 'begin' or does == 'extend' then
	-- A full Redis takes what comes after a command that may free memory.
	local isThere = redis.call('PEXPIRE', run, LEASE) == 1
	if not isThere then redis.call('SET', run, '', 'PX', LEASE) end
	if does == 'extend' and not isThere then given = { '' } end
end

for i = 2, #KEYS do
	local key, milliseconds, word = KEYS[i], ARGV[2 * i - 2], ARGV[2 * i - 1]
	local before = standing(key)
	given[i - 1] = before
	if does == 'begin' and before ~= 'dead' then redis.call('HSET', key, run, '') end
	if does == 'settle' then settle(key, word) end
	if does == 'clear' then clear(key, before, word) end
	if does == 'begin' or does == 'settle' then keep(key, milliseconds) end
end

if does == 'end' then redis.call('DEL', run) end
return given
