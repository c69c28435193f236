-- What workers tell each other about tokens: which are dead, which are being revoked, and which a revoke left undecided.
--
-- KEYS[1]   the revoke; it exists for as long as its process extends it (a lease)
-- KEYS[2…]  a hash per token: dead; suspect, the revoke that left it open; alive, the revoke after which KIS has called it
--           alive; and a field named by each revoke under way
-- ARGV[1]   what to do: look, begin, extend, record, clear, close
-- ARGV[2…]  two per token: for how many milliseconds to remember it, and a word:
--           record: 'dead', 'open' or 'asBefore'; clear: the revoke after which KIS has called it alive
--
-- Returns for each token how it was marked before: '', 'dead', 'revoking', the revoke that left it open, or 'alive ' and the
-- revoke. Extend names no token: it returns one '' if the lease was gone. Its marks may be gone, too, or were taken for those
-- of a dead process.

local does, run = ARGV[1], KEYS[1]
local LEASE = 15000

local function markOf(key)
	if redis.call('HEXISTS', key, 'dead') == 1 then return 'dead' end
	local suspect, alive = unpack(redis.call('HMGET', key, 'suspect', 'alive'))
	for _, field in ipairs(redis.call('HKEYS', key)) do
		if field ~= 'suspect' and field ~= 'alive' and field ~= run then
			if redis.call('EXISTS', field) == 1 then return 'revoking' end
			-- Its process died in the middle of it.
			suspect = field
		end
	end
	return suspect or alive and 'alive ' .. alive or ''
end

local function keep(key, milliseconds)
	if redis.call('PTTL', key) < tonumber(milliseconds) then redis.call('PEXPIRE', key, milliseconds) end
end

local function record(key, word)
	redis.call('HDEL', key, run)
	if word == 'dead' then
		redis.call('DEL', key)
		redis.call('HSET', key, 'dead', '1')
	elseif word == 'open' then
		redis.call('HSET', key, 'suspect', run)
	end
end

-- KIS was asked after that revoke, and has called the token alive.
local function clear(key, before, word)
	if before ~= word then return end
	redis.call('HDEL', key, word)
	if redis.call('HGET', key, 'suspect') == word then redis.call('HDEL', key, 'suspect') end
	redis.call('HSET', key, 'alive', word)
end

local marks = {}
if does == 'begin' or does == 'extend' then
	-- A full Redis refuses a script whose first command adds memory.
	local isThere = redis.call('PEXPIRE', run, LEASE) == 1
	if not isThere then redis.call('SET', run, '', 'PX', LEASE) end
	if does == 'extend' and not isThere then marks = { '' } end
end

for i = 2, #KEYS do
	local key, milliseconds, word = KEYS[i], ARGV[2 * i - 2], ARGV[2 * i - 1]
	local before = markOf(key)
	marks[i - 1] = before
	if does == 'begin' and before ~= 'dead' then redis.call('HSET', key, run, '') end
	if does == 'record' then record(key, word) end
	if does == 'clear' then clear(key, before, word) end
	if does ~= 'look' then keep(key, milliseconds) end
end

if does == 'close' then redis.call('DEL', run) end
return marks
