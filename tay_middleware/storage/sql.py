"""The tables, and what a row of them means.

`question_logs` holds every question, `escalation_logs` every escalation: a mention that was shown.
A turn's two rows have the same id. Everything here is plain SQL that SQLite and PostgreSQL share:
text with CHECK instead of enums, JSON, ids that any client can read. On PostgreSQL both tables are
partitioned by month on their id, whose first bits are the time (see `storage.partitions`); a turn's
id is unique there by the drain's care (see `storage.ledger`), not by an index.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    MetaData,
    String,
    Table,
    Text,
)

from tay_middleware.domain import (
    Decision,
    Kind,
    PastTurn,
    Reason,
    ReplyStatus,
    Stage,
    Strength,
    Suppression,
    Tier,
)
from tay_middleware.storage.base import LoggedTurn, TurnRecord
from tay_middleware.storage.columns import JSON_TYPE, Id, Utc, Words, one_of
from tay_middleware.storage.connection.text import storable

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)


question_logs = Table(
    "question_logs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("turn_id", Id, nullable=False, unique=True),
    Column("user_id", Words),
    Column("user_key", String(64)),
    Column("session_id", Words),
    Column("tier", String(16), nullable=False),
    Column("question", Words),
    Column("topic", String(64)),
    Column("detected", Boolean(create_constraint=False), nullable=False),
    Column("need", Boolean(create_constraint=False), nullable=False),
    Column("shown", Boolean(create_constraint=False), nullable=False),
    Column("suppressed", String(32)),
    Column("kind", String(32), nullable=False),
    Column("offer", String(64)),
    Column("reason", String(32)),
    Column("strength", String(16)),
    Column("template", Text),
    Column("variant", String(64)),
    Column("arm", String(16)),
    Column("addition", Words),
    Column("stage", String(16), nullable=False),
    Column("confidence", Float),
    Column("scores", JSON_TYPE, nullable=False),
    Column("gates", JSON_TYPE, nullable=False),
    Column("indicators", JSON_TYPE, nullable=False),
    Column("notes", JSON_TYPE, nullable=False),
    Column("status", String(16), nullable=False),
    Column("playbook_version", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("answered_at", Utc, nullable=False),
    Column("assignments", JSON_TYPE),
    Column("simulated", Boolean(create_constraint=False)),
    one_of("tier", Tier),
    one_of("kind", Kind),
    one_of("stage", Stage),
    one_of("status", ReplyStatus),
    one_of("suppressed", Suppression),
    one_of("strength", Strength),
    Index(None, "user_key").ddl_if(dialect="sqlite"),
    Index(None, "user_key", "id"),
    Index(None, "user_key", "session_id").ddl_if(dialect="sqlite"),
    Index(None, "created_at").ddl_if(dialect="sqlite"),
)
"""Every question. `detected` is the verdict after the gates, `need` before them, `shown` what the
user saw. `created_at` is when it was asked, `answered_at` when the reply was complete, both UTC.
`assignments` holds [experiment, arm, exposed, chance] for each experiment that the user was in; it
is null in rows from before there were any. `simulated` is true in rows of people who do not exist;
null, in rows from before there were any, means the same as false.

Each index of `user_key` has its reader: pages of a user's log (with `id`), and, where the rows
are history too, the newest turns of a user and of a session in the order they were committed. An
app may well give all its people one user id: nothing may cost a walk over all rows of a user. On
PostgreSQL rows are no history, and times are bounds of ids: there fewer indexes are enough.
"""

escalation_logs = Table(
    "escalation_logs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("turn_id", Id),
    Column("user_id", Words),
    Column("user_key", String(64)),
    Column("session_id", Words),
    Column("question", Words),
    Column("topic", String(64)),
    Column("offer", String(64), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("scores", JSON_TYPE, nullable=False),
    Column("template", Text, nullable=False),
    Column("variant", String(64), nullable=False),
    Column("arm", String(16)),
    Column("addition", Words, nullable=False),
    Column("tier", String(16), nullable=False),
    Column("strength", String(16), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("playbook_version", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("converted", Boolean(create_constraint=False), nullable=False),
    Column("converted_at", Utc),
    Column("link_token", String(32)),
    Column("simulated", Boolean(create_constraint=False)),
    one_of("tier", Tier),
    one_of("stage", Stage),
    one_of("strength", Strength),
    Index(None, "turn_id"),
    Index(None, "user_key", "id"),
    Index(None, "user_key", "created_at").ddl_if(dialect="sqlite"),
    Index(None, "user_key", "session_id").ddl_if(dialect="sqlite"),
    Index(None, "offer", "id"),
    Index(None, "converted", "id"),
    Index(None, "created_at").ddl_if(dialect="sqlite"),
    Index(None, "template", "id"),
    Index(None, "reason", "id"),
    Index(None, "tier", "id"),
    Index(None, "strength", "id"),
    Index(None, "link_token"),
)
"""Every escalation: one row for each mention that was shown, with the id of its question's row.

`converted` and `converted_at` are what `payments` and an admin make of them; see
`storage.payments.tables`. `link_token` is the token of the tracked link in `addition`, if any.

`turn_id` may be null in the schema only so that a process of the version before, still running
while another one migrates, can go on writing.
"""

user_profiles = Table(
    "user_profiles",
    metadata,
    Column("user_key", String(64), primary_key=True),
    Column("first_seen", Utc, nullable=False),
    Column("last_seen", Utc, nullable=False),
    Column("declined_at", Utc),
    Column("declined_session", Words),
    Column("opted_out_at", Utc),
    Column("closed_gates", JSON_TYPE),
    Column("opted_in_at", Utc),
)
"""What outlives the turns that history looks back on.

`closed_gates` holds [when last, session or null] for each gate that stays closed for a while; null,
in rows from before it was kept, means none. The time is ISO 8601, in UTC. `opted_in_at` is when the
user last asked for recommendations again: a no from before that arrives later counts no more.
"""


def question_row(record: TurnRecord) -> dict[str, Any]:
    """The row of `question_logs` that a record is written as."""
    turn, decision, detection = record.turn, record.decision, record.decision.detection
    return {
        "id": record.id,
        "turn_id": turn.turn_id,
        "user_id": turn.user_id,
        "user_key": turn.user_key,
        "session_id": turn.session_id,
        "tier": turn.tier.value,
        "question": record.question,
        "topic": detection.topic,
        "detected": detection.escalate,
        "need": detection.need,
        "shown": decision.shown,
        "suppressed": decision.suppressed.value if decision.suppressed else None,
        "kind": decision.kind.value,
        "offer": decision.offer,
        "reason": decision.reason.value if decision.reason else None,
        "strength": decision.strength.value if decision.strength else None,
        "template": decision.template,
        "variant": decision.variant,
        "arm": decision.arm,
        "addition": decision.addition,
        "stage": detection.stage.value,
        "confidence": detection.confidence,
        "status": record.status.value,
        "playbook_version": decision.playbook_version,
        "created_at": turn.asked_at,
        "answered_at": record.answered_at,
        "simulated": turn.simulated,
        **_lists_of(decision),
    }


def _lists_of(decision: Decision) -> dict[str, Any]:
    """The columns of JSON."""
    detection = decision.detection
    return {
        "scores": dict(detection.scores),
        "gates": list(detection.gates),
        "indicators": [
            [found.group, found.phrase, found.start, found.end, found.weight]
            for found in detection.indicators
        ],
        "notes": list(decision.notes),
        "assignments": [
            [one.experiment, one.arm, one.exposed, round(one.chance, 6)]
            for one in decision.assignments
        ],
    }


Index(
    "ix_escalation_logs_sold",
    *(
        escalation_logs.c[name]
        for name in ("id", "offer", "reason", "template", "tier", "strength")
    ),
    sqlite_where=escalation_logs.c.converted,
    postgresql_where=escalation_logs.c.converted,
)

Index(
    "ix_question_logs_simulated",
    question_logs.c.id,
    sqlite_where=question_logs.c.simulated,
    postgresql_where=question_logs.c.simulated,
)

_SHARED = frozenset(column.name for column in escalation_logs.columns) - {
    "converted",
    "converted_at",
    "link_token",
}

TRACKED = "/r/(?:[a-z0-9_-]{1,60}/)?([A-Za-z0-9_-]{22})(?![A-Za-z0-9_-])"
"""Finds the token of a tracked link in an addition; both Python and PostgreSQL read it so. Links of
earlier versions do not name their offer."""


def escalation_row(question: Mapping[str, Any]) -> dict[str, Any]:
    """The row of `escalation_logs` that belongs to a row of `question_logs` with a mention."""
    tracked = re.search(TRACKED, question["addition"] or "")
    return {name: question[name] for name in _SHARED} | {
        "converted": False,
        "converted_at": None,
        "link_token": tracked.group(1) if tracked else None,
    }


def logged_turn(row: Any) -> LoggedTurn:
    """A row of `question_logs` as the value that readers get."""
    return LoggedTurn(
        id=row.id,
        turn_id=row.turn_id,
        user_id=row.user_id,
        session_id=row.session_id,
        tier=row.tier,
        question=row.question,
        created_at=row.created_at,
        detected=row.detected,
        shown=row.shown,
        suppressed=row.suppressed,
        kind=row.kind,
        offer=row.offer,
        reason=row.reason,
        strength=row.strength,
        template=row.template,
        stage=row.stage,
        gates=tuple(row.gates),
        playbook_version=row.playbook_version,
    )


def past_turn(row: Any, gates: Iterable[str]) -> PastTurn:
    """What history keeps of a turn, from its row; `gates` as JSON text is read by the caller."""
    return PastTurn(
        turn_id=row.turn_id,
        at=row.created_at,
        session_id=row.session_id,
        topic=row.topic,
        kind=Kind(row.kind),
        offer=row.offer,
        reason=Reason(row.reason) if row.reason else None,
        gates=tuple(gates),
        template=row.template,
        failed=row.status == ReplyStatus.FAILED.value,
    )


def to_json(value: object) -> str:
    """JSON as it is stored: compact, readable, and safe for text with lone surrogates."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # it takes no half of a character, nor keys that are no text
        return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
