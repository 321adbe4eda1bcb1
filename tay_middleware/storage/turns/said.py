"""What a message says of its user that outlives the turn, apart from the row of the log."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tay_middleware.domain import ClosedGate
from tay_middleware.storage.base import TurnRecord


@dataclass(frozen=True, slots=True)
class Said:
    """Names as in `TurnRecord`; `at` is when the message was sent."""

    user_key: str
    session_id: str | None
    at: datetime
    declines: bool = False
    opts_out: bool = False
    opts_in: bool = False
    closed: tuple[ClosedGate, ...] = ()

    @property
    def changes_profile(self) -> bool:
        """Whether it says more than that its user was here."""
        return self.declines or self.opts_out or self.opts_in or bool(self.closed)


def said_in(record: TurnRecord) -> Said | None:
    """What a turn says of its user; `None` where it has none."""
    turn = record.turn
    if turn.user_key is None:
        return None
    noes = (record.declines, record.opts_out, record.opts_in)
    return Said(turn.user_key, turn.session_id, turn.asked_at, *noes, record.closed)


def to_plain(said: Said) -> list[Any]:
    """As JSON knows it."""
    closed = [[one.gate, _text(one.at), one.session_id] for one in said.closed]
    noes = (said.declines, said.opts_out, said.opts_in)
    return [said.user_key, said.session_id, _text(said.at), *noes, closed]


def from_plain(plain: list[Any]) -> Said:
    """And back.

    Raises:
        ValueError, TypeError: it is written as no version of ours did.
    """
    user_key, session_id, at, declines, opts_out, opts_in, closed = plain
    gates = tuple(
        ClosedGate(gate, datetime.fromisoformat(when), where) for gate, when, where in closed
    )
    when = datetime.fromisoformat(at)
    return Said(user_key, session_id, when, declines, opts_out, opts_in, gates)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
