-- The token that a credential brings, as all workers keep it, and the lease to request another: one process at a time. Moments
-- are milliseconds on Redis's own clock.
--
-- KEYS[1]  a hash: what is kept (sealed, version, writtenAt, server: where), and the lease (holder, takenAt, heldUntil;
--          requestedAt: when the holder's request may have gone out)
-- KEYS[2]  to write a token: its marks (tokens.lua)
-- ARGV[1]  what to do: look; take the lease, or extend it; request, to be called before a request goes out; write; release,
--          which writes and gives the lease up
-- ARGV[2]  the name of the process
-- ARGV[3]  the version that it knows
-- ARGV[4]  run_id of the server
-- ARGV[5…] take and request: how long to make no request after a holder that died before it could report an answer
--          write and release: the new version, sealed, and for how many milliseconds to keep it
--
-- Returns: 'done', 'dead' (the token is, and was not written) or 'refused'; the version; sealed if the version is news;
-- milliseconds since it was written; how long to wait if another process holds the lease; and of a holder that died after its
-- request: requestedAt, and milliseconds since its lease ran out; 1 if what is kept may be old, since another server wrote it,
-- or this one before it was restarted

local does, process, known, server = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local kept = KEYS[1]
local LEASE = 6000
local SHORTEST_WAIT, LONGEST_WAIT = 50, 1000
local SHORTEST_LIFE = 120000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function text(moment)
	return string.format('%.0f', moment)
end

local version, sealed, writtenAt, writtenOn, holder, takenAt, heldUntil, requestedAt = unpack(redis.call('HMGET', kept,
	'version', 'sealed', 'writtenAt', 'server', 'holder', 'takenAt', 'heldUntil', 'requestedAt'))
version = version or ''
heldUntil = tonumber(heldUntil or nil) or 0
-- It is never set further ahead than that: the clock was set back. Nor is it ever NaN, which compares as false.
if not (heldUntil <= now + LEASE) then holder, requestedAt = nil, nil end
local isOurs = holder == process
local isHeld = holder and heldUntil > now
-- The request of a process that died may have gone out until its lease ran out.
local sinceAbandoned = now - heldUntil

local function mayRequest(deadHolderWait)
	if isHeld and not isOurs then return false end
	local isExtending = isHeld and does == 'take'
	-- Another process has written since, perhaps the token that is wanted.
	if version ~= known and not isExtending then return false end
	return isOurs or not requestedAt or sinceAbandoned >= tonumber(deadHolderWait)
end

local function take(isRequesting)
	if not isOurs then
		redis.call('HDEL', kept, 'requestedAt')
		redis.call('HSET', kept, 'holder', process, 'takenAt', text(now))
	end
	redis.call('HSET', kept, 'heldUntil', text(now + LEASE))
	if isRequesting then redis.call('HSET', kept, 'requestedAt', text(now)) end
end

local function write()
	if KEYS[2] and redis.call('HGET', KEYS[2], 'dead') then return 'dead' end
	redis.call('HSET', kept, 'version', ARGV[5], 'sealed', ARGV[6], 'writtenAt', text(now), 'server', server)
	redis.call('PEXPIRE', kept, ARGV[7])
	return 'done'
end

local result = 'done'
if does ~= 'look' then
	-- A full Redis refuses a script whose first command adds memory.
	redis.call('HDEL', kept, '')
	if does == 'take' or does == 'request' then
		result = mayRequest(ARGV[5]) and 'done' or 'refused'
		if result == 'done' then take(does == 'request') end
	else
		result = version == known and write() or 'refused'
		if does == 'release' and isOurs then
			redis.call('HDEL', kept, 'holder', 'takenAt', 'heldUntil', 'requestedAt')
		end
	end
	if redis.call('PTTL', kept) < SHORTEST_LIFE then redis.call('PEXPIRE', kept, SHORTEST_LIFE) end
end

local toWait, abandoned = 0, ''
if isHeld and not isOurs then
	-- The longer the holder has taken, the longer it is likely to take.
	toWait = math.min(LONGEST_WAIT, math.max(SHORTEST_WAIT, (now - (tonumber(takenAt or nil) or 0)) / 4))
elseif requestedAt and not isOurs then
	abandoned = requestedAt
end
local news = version ~= known and sealed or ''
return { result, version, news, now - (tonumber(writtenAt or nil) or now), toWait, abandoned, sinceAbandoned,
	(sealed and writtenOn ~= server) and 1 or 0 }
