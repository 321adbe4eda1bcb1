-- Takes a mention back that nobody saw.
--
-- KEYS  as in commit.lua
-- ARGV  turn, seconds that a turn is remembered, event that takes it back
-- A turn that is not known is marked void: a mention of it that arrives after this, from a connection
-- that was given up long ago, must not be granted any more. It may also have arrived so long ago that
-- it was forgotten meanwhile, so history, cool-down and SQL are told in any case.

local HISTORY, COOLDOWN, TURN, OUTBOX = KEYS[1], KEYS[3], KEYS[4], KEYS[5]
local turn, turn_seconds, event = ARGV[1], ARGV[2], ARGV[3]

local earlier = redis.call('GET', TURN)
local head, words = string.match(earlier or '', '^(%S+ %S+ %S+ )(.*)$')
if earlier and (not head or words == '') then
    return 0
end
redis.call('SET', TURN, head or 'void', 'EX', turn_seconds)
for _, member in ipairs(redis.call('ZRANGE', COOLDOWN, 0, -1)) do
    if string.sub(member, 1, #turn + 1) == turn .. ' ' then
        redis.call('ZREM', COOLDOWN, member)
    end
end
for at, entry in ipairs(redis.call('LRANGE', HISTORY, 0, -1)) do
    local rest = string.match(entry, '^%S+ %S+ (.*)$')
    if string.sub(entry, 1, #turn + 1) == turn .. ' ' then
        redis.call('LSET', HISTORY, at - 1, turn .. ' none ' .. rest)
    end
end
redis.call('XADD', OUTBOX, '*', 'retract', event)
return head and 1 or 0
