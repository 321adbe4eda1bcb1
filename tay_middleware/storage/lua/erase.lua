-- Forgets a user: history, profile, cool-down; SQL and the rest of the outbox learn it by an event.
--
-- KEYS  as in commit.lua
-- ARGV  event

redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
redis.call('XADD', KEYS[5], '*', 'erase', ARGV[1])
return 1
