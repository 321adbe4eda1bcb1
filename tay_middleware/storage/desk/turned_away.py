"""Requests that were turned away, counted by day: a wrong secret must not go unseen for a week.

What stood in them is not kept, nor from which address they came.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Date, Integer, String, Table, delete, func, select

from tay_middleware.domain import uuid7
from tay_middleware.storage.columns import Utc
from tay_middleware.storage.payments.tables import webhook_events
from tay_middleware.storage.sql import metadata
from tay_middleware.storage.transaction import insert

TOKENS = "admin token"
"""Stands for the sender of a request whose token was refused."""

KEPT = timedelta(days=90)

turned_away = Table(
    "turned_away",
    metadata,
    Column("day", Date, primary_key=True),
    Column("sender", String(32), primary_key=True),
    Column("reason", String(120), primary_key=True),
    Column("peer", String(32), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("first_at", Utc, nullable=False),
    Column("last_at", Utc, nullable=False),
)
"""How many on a day (UTC): `sender` is a provider of payments, `unknown`, or `TOKENS`; `reason` one
of the sentences of ours; `peer` what sort of address it was."""


class Refusal(NamedTuple):
    """What requests that are counted together share."""

    sender: str
    reason: str
    peer: str


@dataclass(frozen=True, slots=True)
class Times:
    """How many there were, and when the first and the last."""

    number: int
    first_at: datetime
    last_at: datetime

    def __add__(self, other: "Times") -> "Times":
        """Both together."""
        return Times(
            self.number + other.number,
            min(self.first_at, other.first_at),
            max(self.last_at, other.last_at),
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What was turned away of one sender for one reason, whatever the peer.

    `good_at` is when the last delivery of the sender was accepted, `None` if none was meanwhile.
    """

    sender: str
    reason: str
    times: Times
    peers: tuple[str, ...]
    good_at: datetime | None

    @property
    def goes_on(self) -> bool:
        """Whether nothing good has come since."""
        return self.good_at is None or self.good_at < self.times.last_at


def add(connection: Connection, found: Mapping[tuple[date, Refusal], Times]) -> None:
    """Add to what is counted, and drop what is older than `KEPT`."""
    for (day, refusal), times in sorted(found.items(), key=lambda one: one[0]):
        statement = insert(connection)(turned_away).values(
            day=day,
            **refusal._asdict(),
            number=times.number,
            first_at=times.first_at,
            last_at=times.last_at,
        )
        more = statement.excluded
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["day", "sender", "reason", "peer"],
                set_={"number": turned_away.c.number + more.number, "last_at": more.last_at},
            )
        )
    if found:
        oldest = max(day for day, _ in found) - KEPT
        connection.execute(delete(turned_away).where(turned_away.c.day < oldest))


def told(connection: Connection, since: datetime) -> list[Told]:
    """What was turned away since the day of `since`, what came last first."""
    day = since.astimezone(UTC).date()
    rows = connection.execute(select(turned_away).where(turned_away.c.day >= day)).all()
    counted: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        counted[row.sender, row.reason].append(row)
    good = _good(connection, {row.sender for row in rows} - {TOKENS}, day)
    found = [
        Told(
            sender=sender,
            reason=reason,
            times=_together(some),
            peers=tuple(sorted({row.peer for row in some})),
            good_at=good.get(sender),
        )
        for (sender, reason), some in counted.items()
    ]
    return sorted(found, key=lambda one: one.times.last_at, reverse=True)


def deliveries(connection: Connection, since: datetime) -> int:
    """How many deliveries were turned away since the day of `since`, for health."""
    column = turned_away.c
    statement = select(func.coalesce(func.sum(column.number), 0)).where(
        column.day >= since.astimezone(UTC).date(), column.sender != TOKENS
    )
    return int(connection.execute(statement).scalar_one())


def _together(rows: Sequence[Any]) -> Times:
    first, *others = (Times(row.number, row.first_at, row.last_at) for row in rows)
    return sum(others, first)


def _good(connection: Connection, senders: Iterable[str], day: date) -> dict[str, datetime]:
    """When the last delivery of each came, if one did since that day began."""
    events, found = webhook_events.c, {}
    first = uuid7(datetime.combine(day, time(), UTC), 0)
    for sender in senders:
        statement = (
            select(events.received_at)
            .where(events.provider == sender, events.id >= first)
            .order_by(events.id.desc())
            .limit(1)
        )
        at = connection.execute(statement).scalar()
        if at is not None:
            found[sender] = at
    return found
