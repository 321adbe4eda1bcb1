-- Forgets a user: history, profile, cool-down; SQL and the rest of the outbox learn it by an event,
-- and a turn of before that a spool brings later is not remembered.
--
-- KEYS  as in commit.lua
-- ARGV  time (microseconds), seconds that the mark is kept, event
-- The mark is never later than the server's clock: one from a machine that is ahead would forget what a
-- user says who has come back, "stop recommending" among it.

local clock = redis.call('TIME')
local erased = math.min(tonumber(ARGV[1]), clock[1] * 1000000 + clock[2])

redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
redis.call('SET', KEYS[6], string.format('%.0f', erased), 'EX', ARGV[2])
redis.call('XADD', KEYS[5], '*', 'erase', ARGV[3])
return 1
