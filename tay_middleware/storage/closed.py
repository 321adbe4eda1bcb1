"""Gates that stay closed, as a profile keeps them: the last time of each, and in which session."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tay_middleware.domain import ClosedGate

Kept = Mapping[str, Sequence[Any]]
"""[when last, session or null] by the name of the gate, as it stands in `user_profiles`."""


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
