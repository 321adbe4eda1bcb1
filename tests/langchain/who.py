"""Users who never met each other, so that tests can share an engine."""

import sqlite3
from contextlib import closing
from itertools import count
from typing import Any

from langchain_core.runnables import RunnableConfig

from tay_middleware import Escalator
from tay_middleware.storage import LoggedTurn, read_latest

_numbers = count()


def someone(user: str | None = None, **more: Any) -> RunnableConfig:
    """The config of a user of this test alone, unless a name is given."""
    number = next(_numbers)
    name = user or f"user-{number}"
    return {"configurable": {"user_id": name, "session_id": f"of {name}", **more}}


def name_in(config: RunnableConfig) -> str:
    """The user of a config that `someone` made."""
    return str(config["configurable"]["user_id"])


def statuses_of(engine: Escalator, user: str) -> list[str]:
    """What became of the replies to a user, as it was logged."""
    assert engine.flush(5)
    with closing(sqlite3.connect(f"{engine.settings.home}/tay.db")) as log:
        found = log.execute("select status from question_logs where user_id = ?", (user,))
        return [status for (status,) in found]


def rows_of(engine: Escalator, user: str) -> list[LoggedTurn]:
    """What was logged of a user, newest first."""
    assert engine.flush(5)
    rows = read_latest(engine.settings.resolved_database_url, 1000)
    return [row for row in rows if row.user_id == user]
