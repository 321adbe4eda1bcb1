-- One turn, atomically: idempotency, claim of the cool-down, history, profile, event.
--
-- KEYS  history (list, newest first), profile (hash), cool-down (sorted set), turn, outbox, erased
-- ARGV  see `storage/outbox/wire.py`, which numbers them
-- Gives { outcome, words }: outcome is granted, denied, duplicate or full.
--
-- A history entry begins "turn kind session asked answered ", the rest is JSON that is not looked
-- into here. A member of the cool-down is "turn session answered", its score the time asked. A turn
-- is "status row user words"; once somebody else is told the words of a row, "row,told,told" stands for
-- "row", and they count as seen until all of those took them back. It is "void row - " where a row was
-- taken back before it arrived, from versions before "void" for any row: then its mention is held back,
-- whoever sent it has given up waiting. A user erased later than a turn was asked is not
-- remembered by it, so that what it claims cannot be granted. Times are microseconds. A turn that comes
-- late, from a spool, takes its place in the history by the time it was asked; what comes at once stands
-- as it comes, for the clocks of several machines differ.

-- A cap may reach over 400 days and count a hundred mentions, and "stop recommending" may hold for ten
-- years: the longest that the playbook's schema allows.
local MOST_MENTIONS = 100
local OPTED_OUT_SECONDS = 3651 * 86400

-- Of a turn that is asked again and again so many are remembered, of 37 characters each.
local MOST_TOLD = 50

local HISTORY, PROFILE, COOLDOWN, TURN, OUTBOX, ERASED = unpack(KEYS)
local turn, row, status, words = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local user, session, asked, answered = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local known = user ~= '-' and tonumber(asked) > tonumber(redis.call('GET', ERASED) or 0)
local session_turns, caps = tonumber(ARGV[9]), ARGV[10]
local mention = ARGV[11] == '1'
local outbox_limit, keep_turns, look_back = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
local history_seconds, profile_seconds, turn_seconds = ARGV[15], ARGV[16], ARGV[17]
local shown_event, shown_entry, held_event, held_entry = ARGV[18], ARGV[19], ARGV[20], ARGV[21]
local said = {}
for at = 22, #ARGV, 2 do
    said[ARGV[at]] = ARGV[at + 1]
end
local is_late = said[''] ~= nil
local visit_pause = tonumber(said.visit_pause or '')
said[''], said.visit_pause = nil, nil

local function forget(earlier_turn)
    for _, entry in ipairs(redis.call('LRANGE', HISTORY, 0, keep_turns - 1)) do
        if string.sub(entry, 1, #earlier_turn + 1) == earlier_turn .. ' ' then
            redis.call('LREM', HISTORY, 1, entry)
        end
    end
    for _, member in ipairs(redis.call('ZRANGE', COOLDOWN, 0, -1)) do
        if string.sub(member, 1, #earlier_turn + 1) == earlier_turn .. ' ' then
            redis.call('ZREM', COOLDOWN, member)
        end
    end
end

-- When the last mention of the session was asked for, and its reply complete.
local function last_mention_of_session()
    local asked_for, last = nil, nil
    local members = redis.call('ZRANGE', COOLDOWN, 0, -1, 'WITHSCORES')
    for at = 1, #members, 2 do
        local its_session, its_end = string.match(members[at], '^%S+ (%S+) (%S+)$')
        if its_session == session and tonumber(its_end) >= (last or 0) then
            asked_for, last = tonumber(members[at + 1]), tonumber(its_end)
        end
    end
    return asked_for, last
end

-- When the newest turns of the session were asked and answered, in the order of that.
local function spans_of_session()
    local spans = {}
    for _, entry in ipairs(redis.call('LRANGE', HISTORY, 0, look_back - 1)) do
        local its_session, from, to = string.match(entry, '^%S+ %S+ (%S+) (%S+) (%S+) ')
        if its_session == session then
            spans[#spans + 1] = { tonumber(from), tonumber(to) }
        end
    end
    table.sort(spans, function(a, b)
        return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2])
    end)
    return spans
end

-- Whether a mention was made before the visit began, by `visits.visit_began`.
local function has_paused(since, spans)
    if not visit_pause then
        return false
    end
    local before = since
    for _, span in ipairs(spans) do
        if span[1] > before and span[1] < tonumber(asked) then
            if span[1] - before >= visit_pause then
                return true
            end
            before = span[1]
        end
    end
    return tonumber(asked) - before >= visit_pause
end

-- The same as `spacing.turns_passed`.
local function turns_passed(since, spans)
    local passed, busy_until, now = 0, since, tonumber(asked)
    for at, span in ipairs(spans) do
        local following = spans[at + 1]
        local alone = span[1] > busy_until and (not following or following[1] > span[2])
        if alone and span[2] < now then
            passed = passed + 1
        end
        busy_until = math.max(busy_until, span[2])
    end
    return passed
end

local function claimed()
    if not session_turns or user == '-' then
        return true
    end
    if not known then
        return false
    end
    local asked_for, last = last_mention_of_session()
    if last then
        local spans = spans_of_session()
        if not has_paused(asked_for, spans) and turns_passed(last, spans) < session_turns then
            return false
        end
    end
    for since, most in string.gmatch(caps, '(%S+):(%d+)') do
        if redis.call('ZCOUNT', COOLDOWN, '(' .. since, '+inf') >= tonumber(most) then
            return false
        end
    end
    return true
end

-- The time that a field of the profile holds or begins with; long ago where there is none.
local function time_of(field)
    return tonumber(string.match(redis.call('HGET', PROFILE, field) or '', '^%d+') or 0)
end

-- The same as `noes.noes_after`. What an opt-in ends is said by empty values.
local function note_noes()
    local now = tonumber(asked)
    if said.opted_out_at == '' then
        if time_of('opted_in_at') <= now then
            redis.call('HSET', PROFILE, 'opted_in_at', asked)
        end
        if time_of('declined_at') <= now then
            redis.call('HDEL', PROFILE, 'declined_at', 'declined_session')
        end
        if time_of('opted_out_at') <= now then
            redis.call('HDEL', PROFILE, 'opted_out_at')
        end
    elseif time_of('opted_in_at') <= now then
        if said.declined_at and time_of('declined_at') <= now then
            local session = string.sub(said.declined_session, 2)
            redis.call('HSET', PROFILE, 'declined_at', asked, 'declined_session', session)
        end
        if said.opted_out_at and time_of('opted_out_at') <= now then
            redis.call('HSET', PROFILE, 'opted_out_at', asked)
        end
    end
end

local function note_profile()
    local first = redis.call('HGET', PROFILE, 'first_seen')
    if not first or tonumber(asked) < tonumber(first) then
        redis.call('HSET', PROFILE, 'first_seen', asked)
    end
    if time_of('last_seen') < tonumber(asked) then
        redis.call('HSET', PROFILE, 'last_seen', asked)
    end
    if said.declined_at or said.opted_out_at then
        note_noes()
    end
    for field, value in pairs(said) do
        local its_time = tonumber(string.match(value, '^>(%d+)'))
        if its_time and time_of(field) <= its_time then
            redis.call('HSET', PROFILE, field, string.sub(value, 2))
        end
    end
    local opted_out = redis.call('HEXISTS', PROFILE, 'opted_out_at') == 1
    redis.call('EXPIRE', PROFILE, opted_out and OPTED_OUT_SECONDS or profile_seconds)
end

local function remember(entry)
    local before = is_late and redis.call('LRANGE', HISTORY, 0, keep_turns - 1) or {}
    for _, other in ipairs(before) do -- a spool may bring a turn again that was forgotten by now
        if string.sub(other, 1, #turn + 1) == turn .. ' ' then
            return
        end
    end
    for _, other in ipairs(before) do
        if tonumber(string.match(other, '^%S+ %S+ %S+ (%S+) ')) <= tonumber(asked) then
            redis.call('LINSERT', HISTORY, 'BEFORE', other, entry)
            return
        end
    end
    redis.call(is_late and 'RPUSH' or 'LPUSH', HISTORY, entry)
end

-- Note that this row was told the words of another one, which therefore count as seen.
local function tell(its_status, its_rows, its_user, its_words)
    local made_by, told = string.match(its_rows, '^([^,]+),?(.*)$')
    told = told == '' and made_by or told
    if not string.find(told, row, 1, true) and #told < MOST_TOLD * 37 then
        local all = { its_status, made_by .. ',' .. told .. ',' .. row, its_user, its_words }
        redis.call('SET', TURN, table.concat(all, ' '), 'EX', turn_seconds)
    end
end

local earlier = redis.call('GET', TURN)
local its_status, its_rows, its_user, its_words =
    string.match(earlier or '', '^(%S+) (%S+) (%S+) (.*)$')
local void = earlier == 'void' or (its_status == 'void' and its_rows == row)
local is_there = its_status and its_status ~= 'void'
if is_there and not (status == 'replied' and its_status ~= 'replied') then
    if words ~= '' and its_words ~= '' then
        tell(its_status, its_rows, its_user, its_words)
    end
    return { 'duplicate', its_words }
end
if redis.call('XLEN', OUTBOX) >= outbox_limit then
    return { 'full', '' }
end
if is_there and known then
    forget(turn)
end

local granted = claimed() and not (void and held_event ~= '')
local event = granted and shown_event or held_event
if known then
    remember(granted and shown_entry or held_entry)
    redis.call('LTRIM', HISTORY, 0, keep_turns - 1)
    redis.call('EXPIRE', HISTORY, history_seconds)
    if granted and mention then
        redis.call('ZADD', COOLDOWN, asked, turn .. ' ' .. session .. ' ' .. answered)
        redis.call('ZREMRANGEBYRANK', COOLDOWN, 0, -1 - MOST_MENTIONS)
        redis.call('EXPIRE', COOLDOWN, profile_seconds)
    end
    note_profile()
end
local outcome = { status, row, user, granted and words or '' }
redis.call('SET', TURN, table.concat(outcome, ' '), 'EX', turn_seconds)
redis.call('XADD', OUTBOX, '*', 'turn', event)
return { granted and 'granted' or 'denied', granted and words or '' }
