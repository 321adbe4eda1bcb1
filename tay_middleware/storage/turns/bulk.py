"""Many new turns at once, and which of them really were new."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.dialects import sqlite

from tay_middleware.storage.sql import (
    TRACKED,
    escalation_logs,
    escalation_row,
    question_logs,
    to_json,
)
from tay_middleware.storage.transaction import Row

RAW = "_raw"
"""Where a row carries the JSON that it was read from, if it is still what that says. PostgreSQL
takes it apart itself, and faster: a drain spends half its time on rows otherwise."""


def insert_turns(connection: Connection, rows: Sequence[Row]) -> set[UUID]:
    """Insert rows of `question_logs` whose id is not there yet, and their escalations.

    Gives the ids of the rows that were inserted.
    """
    if not rows:
        return set()
    if connection.dialect.name == "postgresql":
        return _on_server(connection, rows)
    statement = sqlite.insert(question_logs).on_conflict_do_nothing().returning(question_logs.c.id)
    values = [{name: row[name] for name in _QUESTION} for row in rows]
    inserted = set(connection.execute(statement, values).scalars())
    shown = [escalation_row(row) for row in _shown(rows, inserted)]
    if shown:
        connection.execute(sqlite.insert(escalation_logs).on_conflict_do_nothing(), shown)
    return inserted


def _on_server(connection: Connection, rows: Sequence[Row]) -> set[UUID]:
    inserted = set(connection.execute(_QUESTIONS, {"rows": _array(rows)}).scalars())
    shown = _shown(rows, inserted)
    if shown:
        connection.execute(_ESCALATIONS, {"rows": _array(shown)})
    return inserted


def _shown(rows: Sequence[Row], inserted: set[UUID]) -> list[Row]:
    return [row for row in rows if row["shown"] and row["id"] in inserted]


def _array(rows: Sequence[Row]) -> str:
    """Rows as one JSON array, without zero bytes, which PostgreSQL does not take."""
    found = ",".join(row.get(RAW) or _as_json(row) for row in rows)
    return f"[{found}]".replace("\\u0000", "\\ufffd")


def _as_json(row: Row) -> str:
    return to_json({name: _plain(row[name]) for name in _QUESTION})


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


_QUESTION = tuple(column.name for column in question_logs.columns)
_ESCALATION = tuple(
    column.name for column in escalation_logs.columns if column.name in question_logs.columns
)


def _statement(table: str, names: tuple[str, ...], *, more: str = "", values: str = "") -> Any:
    listed = ", ".join(names)
    return text(
        f"INSERT INTO {table} ({listed}{more}) SELECT {listed}{values} "  # noqa: S608 - our own names
        "FROM jsonb_populate_recordset(CAST(NULL AS question_logs), CAST(:rows AS jsonb)) "
        "ON CONFLICT DO NOTHING RETURNING id"
    )


_QUESTIONS = _statement("question_logs", _QUESTION)
_ESCALATIONS = _statement(
    "escalation_logs",
    _ESCALATION,
    more=", converted, link_token",
    values=f", false, substring(addition from '{TRACKED}')",
)
