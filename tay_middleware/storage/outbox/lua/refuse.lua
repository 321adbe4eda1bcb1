-- Writes down a user's no that came beside the chat, by the rules of `commit.lua`.
--
-- KEYS  profile (hash)
-- ARGV  time (microseconds), session as JSON, seconds that a profile is kept, '1' when it is for good
-- A no is not known before one that is later or an opt-in that is later. Who opted out is remembered for
-- ten years, as in `commit.lua`, and no later no makes that shorter.

local OPTED_OUT_SECONDS = 3651 * 86400

local PROFILE = KEYS[1]
local at, session, profile_seconds, for_good = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'

local function time_of(field)
    return tonumber(redis.call('HGET', PROFILE, field) or 0)
end

local now = tonumber(at)
if time_of('opted_in_at') <= now then
    if time_of('declined_at') <= now then
        redis.call('HSET', PROFILE, 'declined_at', at, 'declined_session', session)
    end
    if for_good and time_of('opted_out_at') <= now then
        redis.call('HSET', PROFILE, 'opted_out_at', at)
    end
end
local opted_out = redis.call('HEXISTS', PROFILE, 'opted_out_at') == 1
redis.call('EXPIRE', PROFILE, opted_out and OPTED_OUT_SECONDS or profile_seconds)
return 1
