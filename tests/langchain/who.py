"""Users who never met each other, so that tests can share an engine."""

from itertools import count
from typing import Any

from langchain_core.runnables import RunnableConfig

_numbers = count()


def someone(user: str | None = None, **more: Any) -> RunnableConfig:
    """The config of a user of this test alone, unless a name is given."""
    number = next(_numbers)
    name = user or f"user-{number}"
    return {"configurable": {"user_id": name, "session_id": f"of {name}", **more}}
