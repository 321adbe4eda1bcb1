"""What the tests of the engine ask, and how they read what was logged."""

from collections.abc import Callable
from datetime import datetime

from tay_middleware.engine import Escalator, Outcome, Reply
from tay_middleware.storage import LoggedTurn, read_latest
from tests.builders import NOON

NEED = "Can you review my pricing structure and tell me what's wrong?"
NO_NEED = "how do i pluck a hairline"
ANSWER = Reply("Start with one honest hour, and divide what is left by it.")

EngineOf = Callable[..., Escalator]


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def ask(engine: Escalator, question: str = NEED, **who: object) -> Outcome:
    turn = engine.turn(question=question, **{"user_id": "ada", "session_id": "s1", **who})  # type: ignore[arg-type]  # values of an app
    return engine.begin(turn).settle(ANSWER)


def logged(engine: Escalator) -> list[LoggedTurn]:
    assert engine.flush(5)
    return list(read_latest(engine.settings.resolved_database_url, 500))
