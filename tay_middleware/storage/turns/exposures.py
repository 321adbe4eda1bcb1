"""Who was exposed to which arm of which experiment, and since when: one row a user and arm.

Written in the transaction that writes the rows of the log, from their `assignments`; so it can be
made again from them, and the assignments themselves from users and playbook.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Float, Index, String, Table, case, delete
from sqlalchemy.dialects import postgresql, sqlite

from tay_middleware.storage.columns import Utc
from tay_middleware.storage.sql import metadata

exposures = Table(
    "exposures",
    metadata,
    Column("experiment", String(64), primary_key=True),
    Column("user_key", String(64), primary_key=True),
    Column("arm", String(64), primary_key=True),
    Column("playbook_version", String(64), primary_key=True),
    Column("chance", Float, nullable=False),
    Column("first_at", Utc, nullable=False),
    Index(None, "user_key"),
    Index(None, "experiment", "first_at"),
)
"""A user's first decision under a playbook on which the arms of an experiment would have differed.

`first_at` is when the question was asked, `chance` the probability with which the arm was drawn.
The holdout is the experiment `holdout` with the arms `holdout` and `shown`.
"""

_KEY = ("experiment", "user_key", "arm", "playbook_version")


def note(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write down what rows of `question_logs` expose their users to; the earliest time stands."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        for exposure in _of(row):
            key = tuple(str(exposure[name]) for name in _KEY)
            known = found.get(key)
            if known is None or exposure["first_at"] < known["first_at"]:
                found[key] = exposure
    if not found:
        return
    connection.execute(_NOTE[connection.dialect.name], [found[key] for key in sorted(found)])


def forget(connection: Connection, user_key: str, until: datetime) -> None:
    """Take a user out of all experiments up to a time."""
    columns = exposures.c
    connection.execute(
        delete(exposures).where(columns.user_key == user_key, columns.first_at <= until)
    )


def _of(row: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    if row["user_key"] is None:
        return
    for experiment, arm, is_exposed, chance in row.get("assignments") or ():
        if is_exposed:
            yield {
                "experiment": experiment,
                "user_key": row["user_key"],
                "arm": arm,
                "playbook_version": row["playbook_version"],
                "chance": chance,
                "first_at": row["created_at"],
            }


def _note_statement(insert: Any) -> Any:
    statement = insert(exposures)
    first, said = exposures.c.first_at, statement.excluded.first_at
    return statement.on_conflict_do_update(
        index_elements=list(_KEY), set_={"first_at": case((said < first, said), else_=first)}
    )


_NOTE = {
    "sqlite": _note_statement(sqlite.insert),
    "postgresql": _note_statement(postgresql.insert),
}
