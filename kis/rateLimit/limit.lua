-- One limit for all processes that use an app key. Moments are milliseconds on Redis's own clock.
--
-- KEYS[1] under way: when each lease runs out unless it is extended
-- KEYS[2] answered: when the answer came; the request arrived before
-- KEYS[3] others: the latest moment at which each can arrive
-- KEYS[4] state: server, last (when it was used), held (nobody sends before), epoch (since, rate, accepted), answer times
--         (generation, shortest, before), the return of processes that were apart (back: since, known: how many)
-- KEYS[5] processes: when each last called
-- ARGV: what to do, name of the request, name of the process, requests per second, run_id of the server,
--       '1' if there was a state, or may have been; a number, whose meaning depends on what to do
--
-- Returns: 1 if a lease was granted, else 0; how many milliseconds to wait until it starts, or before asking again; how many
-- processes there are; when the lease starts.

local does, name, process, limit, server, wasThere, value =
	ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6] == '1', tonumber(ARGV[7])
local underWay, answered, others, state, processes = unpack(KEYS)

local WINDOW = 1000
local LONGEST_WINDOW = 10000
local LEASE = 5000
local LATE_ARRIVAL = 250
local UNSEEN_ARRIVAL = 116
local LEEWAY = 10
local ENOUGH_ANSWERS = 4
local SHORTEST_WAIT = 50
local RECOVERY = 10000
local DECREASE = 0.8
local CURVATURE = 0.04
local TYPICAL_LIMIT = 18
-- Longer than any process pauses between its attempts to reach Redis.
local APART = 45000
local KEPT = 120000
local PROCESS_KEPT = 600000

local function text(moment)
	return string.format('%.3f', moment)
end

local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000

local function get(field)
	return tonumber(redis.call('HGET', state, field) or nil)
end

local function holdUntil(moment)
	redis.call('HSET', state, 'held', text(math.max(moment, get('held') or 0)))
end

-- As kis/rateLimit/congestionControl.ts has it.
local function rate()
	local since = get('since')
	if not since or now - since >= RECOVERY then return limit end
	local before, accepted = get('rate'), get('accepted')
	local peak = math.min(limit, accepted > 0 and math.min(before, accepted) or math.min(before, 1) / 2)
	local curvature = CURVATURE * math.min(1, limit / TYPICAL_LIMIT)
	local toPeak = (peak * (1 - DECREASE) / curvature) ^ (1 / 3)
	return math.min(limit, peak + curvature * ((now - since) / 1000 - toPeak) ^ 3)
end

-- How long before its answer a request must have arrived, as kis/rateLimit/arrivals.ts has it. The shortest answer
-- time is that of ten to twenty seconds.
local function sinceArrival()
	local recent = redis.call('ZCOUNT', answered, text(now - LONGEST_WINDOW), '+inf')
	local generation = math.floor(now / LONGEST_WINDOW)
	if recent < ENOUGH_ANSWERS or generation - (get('generation') or 0) > 1 then return 0 end
	return math.max(0, math.min(get('shortest'), get('before') or math.huge) - LEEWAY)
end

local function noteAnswer(took)
	local generation = math.floor(now / LONGEST_WINDOW)
	local known = get('generation')
	local shortest = get('shortest') or math.huge
	if known ~= generation then
		if known == generation - 1 then
			redis.call('HSET', state, 'before', text(shortest))
		else
			redis.call('HDEL', state, 'before')
		end
		shortest = math.huge
	end
	redis.call('HSET', state, 'generation', generation, 'shortest', text(math.min(shortest, took)))
end

-- What KIS may be counting: requests under way, answered, and others.
local function counted(window)
	local from = now - window
	return redis.call('ZCOUNT', underWay, '(' .. text(now), '+inf'),
		redis.call('ZCOUNT', answered, '(' .. text(from + sinceArrival()), '+inf'),
		redis.call('ZCOUNT', others, '(' .. text(from), '+inf')
end

-- Processes that lost Redis, and are not back yet, go on using their parts of the limit.
local function part()
	local back = get('back')
	if not back or now - back > APART then return 1 end
	return math.min(1, redis.call('ZCOUNT', processes, text(back), '+inf') / get('known'))
end

-- The moments at which the first `count` leave the window, in order.
local function leaving(key, window, count)
	local found = redis.call('ZRANGEBYSCORE', key, '(' .. text(now - window), '+inf', 'WITHSCORES', 'LIMIT', 0, count)
	local moments = {}
	for i = 2, #found, 2 do moments[#moments + 1] = tonumber(found[i]) + window end
	return moments
end

local function enter(members)
	local most = limit * part()
	local pace = math.max(0.1, math.min(rate(), most))
	local window = WINDOW / math.min(1, pace)
	local slots = math.max(1, math.min(math.floor(most), math.floor(pace + 0.5)))
	local waiting, gone, unseen = counted(window)
	local tooMany = waiting + gone + unseen - slots + 1
	local at = now
	if tooMany > gone + unseen then
		-- A request under way has to end first. It counts until a window after its answer, so at least until this.
		local index = tooMany - gone - unseen - 1
		local lease = redis.call('ZRANGE', underWay, index, index, 'WITHSCORES')
		local began = tonumber(lease[2]) - LEASE
		return { 0, math.ceil(math.max(SHORTEST_WAIT, began + window - now)), members, '' }
	elseif tooMany > 0 then
		local moments = leaving(answered, window - sinceArrival(), tooMany)
		for _, moment in ipairs(leaving(others, window, tooMany)) do moments[#moments + 1] = moment end
		table.sort(moments)
		at = moments[tooMany]
	end
	at = math.max(at, get('held') or 0)
	redis.call('ZADD', underWay, text(at + LEASE), name)
	return { 1, math.ceil(at - now), members, text(at) }
end

-- A refusal of a request that was sent before the last epoch began belongs to that epoch.
local function refuse(sentAt)
	local since = get('since')
	if since and sentAt < since then
		redis.call('HINCRBYFLOAT', state, 'accepted', -1)
	else
		local waiting, gone, unseen = counted(WINDOW)
		redis.call('HSET', state, 'rate', text(rate()), 'accepted', waiting + gone + unseen, 'since', text(now))
		holdUntil(now + WINDOW / math.max(0.1, rate()))
	end
end

local function begin()
	-- After a failover, or if Redis was emptied, what was sent in the last window is not known here. After a failover to a
	-- server whose clock is behind, or if the clock was set back, the earlier moments lie ahead and would count until then.
	local known, last = redis.call('HGET', state, 'server'), get('last')
	local isSame = known == server and not (last and last > now)
	if not isSame then
		redis.call('DEL', underWay, answered, others)
		redis.call('HDEL', state, 'held', 'since', 'generation', 'back')
		if known or wasThere then holdUntil(now + WINDOW / math.min(1, limit)) end
	end
	redis.call('HSET', state, 'server', server, 'last', text(now))
end

redis.call('ZREMRANGEBYSCORE', underWay, '-inf', text(now))
redis.call('ZREMRANGEBYSCORE', answered, '-inf', text(now - LONGEST_WINDOW))
redis.call('ZREMRANGEBYSCORE', others, '-inf', text(now - LONGEST_WINDOW))
redis.call('ZREMRANGEBYSCORE', processes, '-inf', text(now - PROCESS_KEPT))
redis.call('ZADD', processes, text(now), process)
begin()

local given = { 1, 0, redis.call('ZCARD', processes), '' }
if does == 'enter' then
	given = enter(given[3])
elseif does == 'extend' then
	redis.call('ZADD', underWay, 'XX', text(now + LEASE), name)
elseif does == 'back' then
	local back = get('back')
	if not back or now - back > APART then redis.call('HSET', state, 'back', text(now), 'known', 0) end
	redis.call('HSET', state, 'known', math.max(get('known'), given[3], value))
	-- What it sent in the last window is not known here, and its part is free from now on.
	holdUntil(now + WINDOW / math.min(1, limit))
elseif does == 'hold' then
	holdUntil(now + value)
else
	redis.call('ZREM', underWay, name)
	if does == 'answered' then
		redis.call('ZADD', answered, text(now), name)
		noteAnswer(value)
	elseif does == 'unanswered' then
		redis.call('ZADD', others, text(now + LATE_ARRIVAL), name)
	elseif does == 'passed' then
		redis.call('ZADD', others, text(now + UNSEEN_ARRIVAL), name)
	elseif does == 'refused' then
		refuse(value)
		-- Whether KIS counts what it refuses is not known.
		redis.call('ZADD', others, text(now), name)
	end
end

for _, key in ipairs({ underWay, answered, others, state }) do redis.call('PEXPIRE', key, KEPT) end
redis.call('PEXPIRE', processes, PROCESS_KEPT)
return given
