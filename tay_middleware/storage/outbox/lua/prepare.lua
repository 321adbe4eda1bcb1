#!lua flags=allow-oom
-- Makes the consumer group of a bucket's outbox where it is missing.
--
-- KEYS  outbox
-- ARGV  group
-- Allowed in a Redis that is full: XGROUP CREATE is refused there even where the group exists, and
-- without a drain, which needs the group, it would stay full for good.

local answer = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if type(answer) == 'table' and answer.err and not string.find(answer.err, 'BUSYGROUP', 1, true) then
    return answer
end
return 1
