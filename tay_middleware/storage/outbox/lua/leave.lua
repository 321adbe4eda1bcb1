#!lua flags=allow-oom
-- Takes consumers that are gone for good out of a bucket's group.
--
-- KEYS  outbox
-- ARGV  group, milliseconds of silence, the consumer that asks
-- One that owes anything stays: what it was given must be claimed by another first, and with its
-- consumer it would be forgotten. In one script, so that nothing is given to it in between.
-- Answers how many went.

local gone = 0
local found = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if found.err then
    return 0
end
for _, flat in ipairs(found) do
    local consumer = {}
    for at = 1, #flat, 2 do
        consumer[flat[at]] = flat[at + 1]
    end
    local silent = consumer['idle'] > tonumber(ARGV[2])
    if consumer['name'] ~= ARGV[3] and silent and consumer['pending'] == 0 then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
        gone = gone + 1
    end
end
return gone
