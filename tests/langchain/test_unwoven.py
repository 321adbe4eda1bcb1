"""A mention that could not be woven was not shown: it is taken back."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda

from tay_middleware import EscalationStep, Escalator
from tests.langchain.models import NEED
from tests.langchain.who import name_in, rows_of, someone

REPLY = "Start with your books: what a chair costs you an hour, then your fill rate."
Wrap = Callable[..., EscalationStep]


class Tidied(AIMessage):
    """A provider's message whose text is not its content, so that nothing can be added to it."""

    @property
    def text(self) -> Any:
        return str(self.content).removesuffix(" ").removesuffix("mentorship.")[:100]


def _asked(step: EscalationStep, how: str, config: Any) -> str:
    if how == "invoke":
        return str(step.invoke(NEED, config).content)
    return "".join(str(chunk.content) for chunk in step.stream(NEED, config))


@pytest.mark.parametrize("how", ["invoke", "stream"])
def test_what_nobody_saw_is_no_mention(wrap: Wrap, engine: Escalator, how: str) -> None:
    config = someone()
    step = wrap(RunnableLambda(lambda _: Tidied(content=REPLY)))
    assert _asked(step, how, config) == REPLY
    assert [row.shown for row in rows_of(engine, name_in(config))] == [False]
    assert engine.degraded_counts["weave"] >= 1
