-- Takes back what one commit was granted and nobody saw.
--
-- KEYS  as in commit.lua
-- ARGV  turn, seconds that a turn is remembered, event that takes it back, row, microseconds at which it
--       was answered; the last two are missing in calls of versions before, which mean any row of the turn
-- A mention of another row stays, and so does one of which somebody else was told: see commit.lua.
-- A turn that is not known is marked void: a mention of it that arrives after this, from a connection
-- that was given up long ago, must not be granted any more. It may also have arrived so long ago that
-- it was forgotten meanwhile, so history, cool-down and SQL are told in any case.

local HISTORY, COOLDOWN, TURN, OUTBOX = KEYS[1], KEYS[3], KEYS[4], KEYS[5]
local turn, turn_seconds, event, row, its_end = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local function remember(status, rows, user, words)
    redis.call('SET', TURN, table.concat({ status, rows, user, words }, ' '), 'EX', turn_seconds)
end

-- The told without `row`; nothing where it is not among them.
local function others(told)
    local left, found = {}, false
    for one in string.gmatch(told, '[^,]+') do
        if one == row then
            found = true
        else
            left[#left + 1] = one
        end
    end
    return found and left or nil
end

local earlier = redis.call('GET', TURN)
local status, rows, user, words = string.match(earlier or '', '^(%S+) (%S+) (%S+) (.*)$')
local known = status and status ~= 'void'
if earlier == 'void' or (known and words == '') or (status == 'void' and rows == row) then
    return 0
end
if known then
    local made_by, told = string.match(rows, '^([^,]+),?(.*)$')
    if row then
        local left = others(told == '' and made_by or told)
        if not left then
            return 0
        elseif #left > 0 then
            remember(status, made_by .. ',' .. table.concat(left, ','), user, words)
            return 0
        elseif made_by ~= row then
            event = cjson.encode({ turn_id = turn, id = made_by })
        end
    end
    remember(status, made_by, user, '')
elseif row then
    remember('void', row, '-', '')
else
    redis.call('SET', TURN, 'void', 'EX', turn_seconds)
end

-- Of a turn that is not known another row may stand there, which was answered at another time.
local function is_its(answered)
    return known or not its_end or answered == its_end
end

for _, member in ipairs(redis.call('ZRANGE', COOLDOWN, 0, -1)) do
    local its_turn, answered = string.match(member, '^(%S+) %S+ (%S+)$')
    if its_turn == turn and is_its(answered) then
        redis.call('ZREM', COOLDOWN, member)
    end
end
for at, entry in ipairs(redis.call('LRANGE', HISTORY, 0, -1)) do
    local its_turn, answered = string.match(entry, '^(%S+) %S+ %S+ %S+ (%S+) ')
    if its_turn == turn and is_its(answered) then
        local rest = string.match(entry, '^%S+ %S+ (.*)$')
        redis.call('LSET', HISTORY, at - 1, turn .. ' none ' .. rest)
    end
end
redis.call('XADD', OUTBOX, '*', 'retract', event)
return known and 1 or 0
