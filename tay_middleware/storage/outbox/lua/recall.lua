-- What is known of a user, in one answer: history (newest first), profile, mentions (oldest first).
--
-- KEYS  history, profile, cool-down
-- ARGV  turns, time since which mentions count (microseconds)

return {
    redis.call('LRANGE', KEYS[1], 0, tonumber(ARGV[1]) - 1),
    redis.call('HGETALL', KEYS[2]),
    redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[2], '+inf', 'WITHSCORES'),
}
