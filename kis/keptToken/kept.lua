-- The token that a credential brings, as all workers keep it. One process at a time asks KIS for another. Moments are
-- milliseconds on Redis's own clock.
--
-- KEYS[1]  a hash: what is kept (sealed, version, writtenAt, server: on which), and who asks KIS (holder, takenAt, heldUntil: a lease; askedAt:
--          when its request may have gone out)
-- KEYS[2]  to write a token: how it stands with the others (tokens.lua)
-- ARGV     what to do: look; take the lease, or extend it; ask, which is to be told before the request goes out; write; end,
--          which gives the lease up besides; name of the process; the version that it knows; run_id of the server
-- ARGV[5…] to take and ask: for how long nobody else asks after one that has ended without an answer
--          to write and end: the new version, sealed, for how many milliseconds to keep it
--
-- Gives: 'done', 'dead' (the token is, and was not written) or 'refused'; the version, and sealed if it is not the one
-- that is known; milliseconds since it was written; to wait, where another process asks KIS; askedAt of one that has ended
-- meanwhile, and milliseconds since its lease was over; 1 if what is kept was written on another server, or before this one
-- has started again, so that it may be old

local does, process, known, server = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local kept = KEYS[1]
local LEASE = 6000
local SOONEST, LATEST = 50, 1000
local AT_LEAST = 120000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function text(moment)
	return string.format('%.0f', moment)
end

local version, sealed, writtenAt, writtenOn, holder, takenAt, heldUntil, askedAt = unpack(redis.call('HMGET', kept,
	'version', 'sealed', 'writtenAt', 'server', 'holder', 'takenAt', 'heldUntil', 'askedAt'))
version = version or ''
heldUntil = tonumber(heldUntil or nil) or 0
-- Further off than it is ever set: the clock was put back.
if heldUntil > now + LEASE then holder, askedAt = nil, nil end
local isOurs = holder == process
local isHeld = holder and heldUntil > now
-- The request of a process that has ended may have gone out until its lease was over.
local sinceAsked = now - heldUntil

local function mayAsk(minute)
	if isHeld and not isOurs then return false end
	local isExtending = isHeld and does == 'take'
	-- Whoever has written since may have brought what is wanted.
	if version ~= known and not isExtending then return false end
	return isOurs or not askedAt or sinceAsked >= tonumber(minute)
end

local function take(isAsking)
	if not isOurs then
		redis.call('HDEL', kept, 'askedAt')
		redis.call('HSET', kept, 'holder', process, 'takenAt', text(now))
	end
	redis.call('HSET', kept, 'heldUntil', text(now + LEASE))
	if isAsking then redis.call('HSET', kept, 'askedAt', text(now)) end
end

local function write()
	if KEYS[2] and redis.call('HGET', KEYS[2], 'dead') then return 'dead' end
	redis.call('HSET', kept, 'version', ARGV[5], 'sealed', ARGV[6], 'writtenAt', text(now),
		'server', server)
	redis.call('PEXPIRE', kept, ARGV[7])
	return 'done'
end

local result = 'done'
if does ~= 'look' then
	-- A full Redis takes what comes after a command that may free memory.
	redis.call('HDEL', kept, '')
	if does == 'take' or does == 'ask' then
		result = mayAsk(ARGV[5]) and 'done' or 'refused'
		if result == 'done' then take(does == 'ask') end
	else
		result = version == known and write() or 'refused'
		if does == 'end' and isOurs then
			redis.call('HDEL', kept, 'holder', 'takenAt', 'heldUntil', 'askedAt')
		end
	end
	if redis.call('PTTL', kept) < AT_LEAST then redis.call('PEXPIRE', kept, AT_LEAST) end
end

local toWait, ended, sinceEnded = 0, '', 0
if isHeld and not isOurs then
	-- The longer it takes, the longer it may take.
	toWait = math.min(LATEST, math.max(SOONEST, (now - (tonumber(takenAt or nil) or 0)) / 4))
elseif askedAt and not isOurs then
	ended, sinceEnded = askedAt, sinceAsked
end
local news = version ~= known and sealed or ''
return { result, version, news, now - (tonumber(writtenAt or nil) or now), toWait, ended, sinceEnded,
	(sealed and writtenOn ~= server) and 1 or 0 }
