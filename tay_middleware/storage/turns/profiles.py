"""What outlives the turns that history looks back on, in SQL: written beside each turn.

A message may come late (a spool, a slow machine). A no counts unless a later no or a later opt-in
is known, an opt-in ends the noes from before it; of a gate that stays closed the last time counts.
`lua/commit.lua` has the same rules.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func
from sqlalchemy.dialects.sqlite import insert

from tay_middleware.domain import ClosedGate
from tay_middleware.storage.sql import user_profiles
from tay_middleware.storage.turns.said import Said
from tay_middleware.storage.turns.statements import PROFILE

Kept = Mapping[str, Sequence[Any]]
"""[when last, session or null] by the name of the gate, as it stands in `user_profiles`."""


def note(connection: Connection, said: Said) -> None:
    """Take over what a message says, however late it comes; on SQLite, inside a transaction."""
    changes: dict[str, Any] = {}
    if said.changes_profile:
        found = connection.execute(PROFILE, {"user_key": said.user_key}).first()
        known: dict[str, Any] = {} if found is None else found._asdict()
        changes = _noes_after(known, said)
        if said.closed:
            changes["closed_gates"] = merged(known.get("closed_gates"), said.closed)
    statement = insert(user_profiles).values(
        user_key=said.user_key, first_seen=said.at, last_seen=said.at, **changes
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["user_key"],
            set_={
                "first_seen": func.min(user_profiles.c.first_seen, statement.excluded.first_seen),
                "last_seen": func.max(user_profiles.c.last_seen, statement.excluded.last_seen),
                **changes,
            },
        )
    )


def merged(kept: Kept | None, closed: Iterable[ClosedGate]) -> dict[str, list[Any]]:
    """What is kept after a message; one that arrives late does not move a gate's time back."""
    known = {one.gate: one for one in read_closed(kept)}
    for one in closed:
        before = known.get(one.gate)
        if before is None or one.at >= before.at:
            known[one.gate] = one
    return {
        one.gate: [one.at.astimezone(UTC).isoformat(), one.session_id] for one in known.values()
    }


def read_closed(kept: Kept | None) -> tuple[ClosedGate, ...]:
    """What a profile holds; nothing where it is from before gates were kept."""
    return tuple(
        ClosedGate(gate, datetime.fromisoformat(at), session)
        for gate, (at, session) in (kept or {}).items()
    )


def _noes_after(kept: Mapping[str, Any], said: Said) -> dict[str, Any]:
    """The columns of noes that a message changes."""
    at = said.at
    if said.opts_in:
        return _after_opt_in(kept, at)
    if _is_later(kept.get("opted_in_at"), at):
        return {}
    changes: dict[str, Any] = {}
    if said.declines and not _is_later(kept.get("declined_at"), at):
        changes |= {"declined_at": at, "declined_session": said.session_id}
    if said.opts_out and not _is_later(kept.get("opted_out_at"), at):
        changes["opted_out_at"] = at
    return changes


def _after_opt_in(kept: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if not _is_later(kept.get("opted_in_at"), at):
        changes["opted_in_at"] = at
    if not _is_later(kept.get("declined_at"), at):
        changes |= {"declined_at": None, "declined_session": None}
    if not _is_later(kept.get("opted_out_at"), at):
        changes["opted_out_at"] = None
    return changes


def _is_later(known: datetime | None, at: datetime) -> bool:
    return known is not None and known > at
