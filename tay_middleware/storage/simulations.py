"""Which rows are made up: each says so itself, and a row of `simulations` says what made them.

People of a simulation have ids that begin with `SIMULATED`, so that the label is seen wherever an
id is; what counts is the column `simulated` of questions, escalations and purchases.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, select, update

from tay_middleware.storage.columns import JSON_TYPE, Id, Utc
from tay_middleware.storage.desk.verdicts import label
from tay_middleware.storage.payments.tables import conversions, webhook_events
from tay_middleware.storage.sql import escalation_logs, metadata, question_logs
from tay_middleware.storage.transaction import Row, insert
from tay_middleware.storage.turns.ids import asked_between

SIMULATED = "simulated-"
"""How the ids of made-up people begin."""

simulations = Table(
    "simulations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("seed", BigInteger, nullable=False),
    Column("users", Integer, nullable=False),
    Column("begins_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False),
    Column("playbook_version", String(64), nullable=False),
    Column("truth", JSON_TYPE, nullable=False),
)
"""Each simulation that was run into this database. Times are those of its own clock. `truth` is
what its people were made to do, and, once it is over, what that came to."""


def begin(connection: Connection, row: Row) -> None:
    """Say that rows of a simulation are about to come."""
    connection.execute(insert(connection)(simulations), [dict(row)])


def end(connection: Connection, simulation_id: Any, truth: dict[str, Any]) -> None:
    """Write down what a simulation came to."""
    connection.execute(
        update(simulations).where(simulations.c.id == simulation_id).values(truth=truth)
    )


def every(connection: Connection) -> Sequence[Any]:
    """All simulations, the oldest first."""
    return connection.execute(select(simulations).order_by(simulations.c.id)).all()


def has_real_rows(connection: Connection) -> bool:
    """Whether anything here is of people who do exist."""
    for table in (question_logs, conversions):
        real = select(table.c.id).where(table.c.simulated.is_not(True)).limit(1)
        if connection.execute(real).first() is not None:
            return True
    waiting = select(webhook_events.c.id).where(webhook_events.c.due_at.is_not(None)).limit(1)
    return connection.execute(waiting).first() is not None


def is_simulated(connection: Connection, since: datetime, until: datetime) -> bool:
    """Whether questions of made-up people are among those of a stretch of time, or were.

    Rows past their retention are in figures still, so what was played then counts without them.
    """
    played = select(simulations.c.id).where(
        simulations.c.begins_at < until, simulations.c.ends_at > since
    )
    if connection.execute(played.limit(1)).first() is not None:
        return True
    ids = question_logs.c.id
    made_up = (
        select(ids).where(question_logs.c.simulated, *asked_between(ids, since, until)).limit(1)
    )
    return connection.execute(made_up).first() is not None


def judge(
    connection: Connection, deserved: Sequence[tuple[UUID, str | None]], now: datetime
) -> None:
    """Label turns with the offer that each deserved, `None` where none did."""
    for turn_id, offer in deserved:
        found = select(question_logs.c.id).where(question_logs.c.turn_id == turn_id)
        question_id = connection.execute(found).scalar()
        row = {"id": question_id, "escalate": offer is not None, "offer": offer}
        label(connection, {**row, "actor": SIMULATED.rstrip("-"), "at": now})


def escalation_of(connection: Connection, turn_id: UUID) -> UUID | None:
    """The id of the mention that was made in a turn, `None` where there was none."""
    found = select(escalation_logs.c.id).where(escalation_logs.c.turn_id == turn_id)
    return connection.execute(found).scalar()
