"""Which rows were made up: a database that was simulated into says so, wherever it is shown.

The users of a simulation have ids that begin with `SIMULATED`, so that each of their rows can be
told from a real one, and a row in `simulations` says that there are any.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from tay_middleware.storage.desk_tables import simulations
from tay_middleware.storage.purchases import Row, insert
from tay_middleware.storage.sql import question_logs

SIMULATED = "simulated-"
"""How the ids of made-up users begin."""


def begin(connection: Connection, row: Row) -> None:
    """Say that rows of a simulation are about to come."""
    connection.execute(insert(connection)(simulations), [dict(row)])


def every(connection: Connection) -> Sequence[Any]:
    """All simulations, oldest first."""
    return connection.execute(select(simulations).order_by(simulations.c.id)).all()


def is_empty(connection: Connection) -> bool:
    """Whether no question was ever logged here."""
    return connection.execute(select(question_logs.c.id).limit(1)).first() is None
