"""What travels between a store and Redis: arguments of the scripts, and their answers read back.

History in Redis knows of a turn what `PastTurn` knows, and never a word of it; the event carries
the row that goes into SQL. A session is known there by its key: an app's own id may be a telephone
number, or all that it takes to read the conversation. Entries of versions before hold the id.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from tay_middleware.domain import (
    ClosedGate,
    History,
    Kind,
    PastTurn,
    Reason,
    ReplyStatus,
    Suppression,
    Turn,
)
from tay_middleware.hashing import digest
from tay_middleware.storage.base import TurnRecord, Verdict
from tay_middleware.storage.outbox.buckets import PREFIX, keys_of
from tay_middleware.storage.sql import question_row, to_json
from tay_middleware.storage.turns.spacing import MOST_SPANS

HISTORY_SECONDS = 100 * 86400
"""How long the turns of a user who does not come back are kept."""

PROFILE_SECONDS = 401 * 86400
"""How long a user is known as a returning one, with gates and mentions: longer than any gate may
stay closed and any cap may reach (400 days). Who opted out is known longer: `lua/commit.lua`."""

TURN_SECONDS = 3600
"""How long a turn that is committed again is known by Redis; after that SQL knows it."""

_LATE = ("", "late")
"""Stands among the pairs of a commit that comes late."""

_CLOSED = "closed:"
"""Before the name of a gate in a profile; its value is the time and, as JSON, the session."""

_WORDING = "wording:"
"""Before the id of a wording among the gates of an entry. A field of its own would make entries
unreadable to processes of the version before, which pass over a gate that they do not know."""

_FAILED = "status:failed"
"""Stands there too, in the entry of a turn whose model raised."""

_VISIT_PAUSE = "visit_pause"
"""Stands among the pairs of a commit, before the microseconds of a pause: a script of the version
before, which may work off the same spool, passes over it."""

NOBODY = "-"
"""Stands where a turn has no user, or no session."""

_KINDS = {kind.value: kind for kind in Kind}
_REASONS = {reason.value: reason for reason in Reason}
"""To call the enumeration takes ten times as long, and a history has fifty entries."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a script: everything that is needed to run it now, or later from the spool."""

    script: str
    bucket: int
    keys: tuple[str, ...]
    args: tuple[str, ...]
    user_key: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one store keeps in Redis.

    `turns` of a user, and as many events of one bucket that wait for the drain.
    """

    turns: int
    events: int


def commit_call(record: TurnRecord, limits: Limits, prefix: str = PREFIX) -> Call:
    """The commit of one turn, with its event as it is when granted and as it is when denied."""
    turn, decision, claim = record.turn, record.decision, record.claim
    cause = Suppression.COOLDOWN if claim is not None else Suppression.DEGRADED
    held = record.denied(cause) if decision.addition is not None else record
    since = [
        f"{micros(turn.asked_at - timedelta(seconds=cap.seconds))}:{cap.most}"
        for cap in (claim.caps if claim else ())
    ]
    keys, session = keys_of(turn.user_key, turn.turn_id, prefix), _session_tag(turn.session_id)
    args = (
        str(turn.turn_id),
        str(record.id),
        record.status.value,
        decision.addition or "",
        turn.user_key or NOBODY,
        session,
        str(micros(turn.asked_at)),
        str(micros(record.answered_at)),
        str(claim.session_turns) if claim else "",
        " ".join(since),
        "1" if decision.shown else "0",
        str(limits.events),
        str(max(limits.turns, MOST_SPANS)),
        str(MOST_SPANS),
        str(HISTORY_SECONDS),
        str(PROFILE_SECONDS),
        str(TURN_SECONDS),
        turn_event(record),
        _entry(record, session),
        turn_event(held) if held is not record else "",
        _entry(held, session) if held is not record else "",
        *_profile_changes(record),
        *((_VISIT_PAUSE, str(round(claim.visit_pause_seconds * 1e6))) if claim else ()),
    )
    return Call("commit", keys.bucket, keys.all(), args, turn.user_key)


def late(call: Call) -> Call:
    """The call of a turn that was not committed when it was answered."""
    return replace(call, args=(*call.args, *_LATE)) if call.script == "commit" else call


def retract_call(record: TurnRecord, prefix: str = PREFIX) -> Call:
    """Taking back what one commit was granted."""
    turn = record.turn
    keys = keys_of(turn.user_key, turn.turn_id, prefix)
    args = (
        str(turn.turn_id),
        str(TURN_SECONDS),
        retract_event(record),
        str(record.id),
        str(micros(record.answered_at)),
    )
    return Call("retract", keys.bucket, keys.all(), args, turn.user_key)


def erase_call(user_key: str, at: datetime, prefix: str = PREFIX) -> Call:
    """Forgetting a user, and all of theirs that was asked up to a time."""
    keys = keys_of(user_key, UUID(int=0), prefix)
    event = to_json({"user_key": user_key, "at": at.astimezone(UTC).isoformat()})
    args = (str(micros(at)), str(HISTORY_SECONDS), event)
    return Call("erase", keys.bucket, keys.all(), args, user_key)


def recall_args(turns: int, since: datetime) -> tuple[str, ...]:
    """What `recall.lua` is asked for."""
    return str(turns), str(micros(since))


def turn_event(record: TurnRecord) -> str:
    """The row of `question_logs` as JSON: ids and times as text."""
    row = question_row(record)
    for name in ("id", "turn_id"):
        row[name] = str(row[name])
    for name in ("created_at", "answered_at"):
        row[name] = row[name].astimezone(UTC).isoformat()
    return to_json(row)


def retract_event(record: TurnRecord) -> str:
    """That the mention of a record was taken back, as JSON."""
    return to_json({"turn_id": str(record.turn.turn_id), "id": str(record.id)})


def read_verdict(answer: Sequence[bytes]) -> Verdict | None:
    """What `commit.lua` came to; `None` when the outbox is full and nothing was written."""
    outcome, words = answer[0].decode(), answer[1].decode() or None
    if outcome == "full":
        return None
    if outcome == "duplicate":
        return Verdict(granted=words is not None, duplicate=True, addition=words)
    return Verdict(granted=outcome == "granted", addition=words)


def read_history(answer: Sequence[Sequence[bytes]]) -> History:
    """What `recall.lua` found."""
    entries, profile_parts, members = answer
    profile = dict(zip(profile_parts[::2], profile_parts[1::2], strict=True))
    session = profile.get(b"declined_session")
    return History(
        first_seen=_at(profile.get(b"first_seen")),
        last_seen=_at(profile.get(b"last_seen")),
        turns=tuple(_past_turn(entry.decode()) for entry in reversed(entries)),
        mentions=tuple(moment(float(score)) for score in members[1::2]),
        declined_at=_at(profile.get(b"declined_at")),
        declined_session=json.loads(session) if session is not None else None,
        opted_out_at=_at(profile.get(b"opted_out_at")),
        closed=tuple(_closed_gates(profile)),
    )


def micros(at: datetime) -> int:
    """An aware time as microseconds since 1970: exact, also as a number of Lua."""
    return (at - _EPOCH) // _MICROSECOND


def moment(microseconds: float) -> datetime:
    """The time again."""
    return _EPOCH + timedelta(microseconds=int(microseconds))


def _at(value: bytes | None) -> datetime | None:
    return None if value is None else moment(int(value))


def _session_tag(session_id: str | None) -> str:
    """A session in one word; an app's own id may hold anything.

    It is no HMAC: scripts compare it with what versions before wrote.
    """
    if session_id is None:
        return NOBODY
    return digest(session_id.encode("utf-8", "surrogatepass")).hex()[:16]


def _known_by(session_id: str | None, turn: Turn) -> str | None:
    """What history knows a session by: that of a turn which the engine made, by its key."""
    return turn.session_key or session_id if session_id == turn.session_id else session_id


def _entry(record: TurnRecord, session: str) -> str:
    """What history in Redis keeps of a turn; `session` is the tag of its session."""
    turn, decision, detection = record.turn, record.decision, record.decision.detection
    reason = decision.reason.value if decision.reason else None
    names = [*detection.gates, *([f"{_WORDING}{decision.template}"] if decision.template else [])]
    if record.status is ReplyStatus.FAILED:
        names.append(_FAILED)
    rest = (_known_by(turn.session_id, turn), detection.topic, decision.offer, reason, names)
    head = (
        str(turn.turn_id),
        decision.kind.value,
        session,
        str(micros(turn.asked_at)),
        str(micros(record.answered_at)),
    )
    return f"{' '.join(head)} {to_json(rest)}"


def _past_turn(entry: str) -> PastTurn:
    turn_id, kind, _session, asked, _answered, rest = entry.split(" ", 5)
    session_id, topic, offer, reason, names = _from_json(rest)
    gates, template, failed = _read_names(names) if names else ((), None, False)
    return PastTurn(
        turn_id=UUID(turn_id),
        at=moment(int(asked)),
        session_id=session_id,
        topic=topic,
        kind=_KINDS[kind],
        offer=offer,
        reason=_REASONS[reason] if reason else None,
        gates=gates,
        template=template,
        failed=failed,
    )


def _read_names(names: Sequence[str]) -> tuple[tuple[str, ...], str | None, bool]:
    """Gates, wording and failure, which stand in one list."""
    wordings = [name.removeprefix(_WORDING) for name in names if name.startswith(_WORDING)]
    gates = tuple(name for name in names if name != _FAILED and not name.startswith(_WORDING))
    return gates, wordings[0] if wordings else None, _FAILED in names


def _from_json(text: str) -> Any:
    """JSON read back; there are fifty entries in a history."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # half a character, in entries of versions before
        return json.loads(text)


def _closed_gates(profile: Mapping[bytes, bytes]) -> Iterator[ClosedGate]:
    for field, value in profile.items():
        name = field.decode()
        if name.startswith(_CLOSED):
            at, session = value.decode().split(" ", 1)
            yield ClosedGate(name.removeprefix(_CLOSED), moment(int(at)), json.loads(session))


def _profile_changes(record: TurnRecord) -> list[str]:
    """Pairs of field and value for the profile.

    `=` marks a no, `>` the time and session of a gate; both give way to a later one. An opt-in is
    three empty values.
    """
    at = f"={micros(record.turn.asked_at)}"
    changes: dict[str, str] = {}
    if record.declines:
        changes["declined_at"] = at
        changes["declined_session"] = f"={to_json(_known_by(record.turn.session_id, record.turn))}"
    if record.opts_out:
        changes["opted_out_at"] = at
    if record.opts_in:
        changes |= dict.fromkeys(("declined_at", "declined_session", "opted_out_at"), "")
    for one in record.closed:
        where = _known_by(one.session_id, record.turn)
        changes[f"{_CLOSED}{one.gate}"] = f">{micros(one.at)} {to_json(where)}"
    return _flat(changes)


def _flat(pairs: Mapping[str, str]) -> list[Any]:
    return [part for pair in pairs.items() for part in pair]
