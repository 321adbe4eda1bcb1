-- Forgets a user: history, profile, cool-down; SQL and the rest of the outbox learn it by an event,
-- and a turn of before that a spool brings later is not remembered.
--
-- KEYS  as in commit.lua
-- ARGV  time (microseconds), seconds that the mark is kept, event

redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
redis.call('SET', KEYS[6], ARGV[1], 'EX', ARGV[2])
redis.call('XADD', KEYS[5], '*', 'erase', ARGV[3])
return 1
