"""Slips of an app that would be silent for good: they are told, once."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelFallbackMiddleware
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda

from tay_middleware import EscalationAgentMiddleware, EscalationStep, Playbook
from tay_middleware.decide.calling import SIGNAL as PET_NAMES
from tay_middleware.engine.telling import tell_once
from tay_middleware.langchain import ScriptedChatModel, agent, slips
from tay_middleware.settings import Settings


@pytest.fixture
def step(settings: Settings) -> Iterator[EscalationStep]:
    tell_once.cache_clear()
    made = EscalationStep(bound=ScriptedChatModel(), settings=settings)
    yield made
    made.close()


def told(step: EscalationStep, caplog: pytest.LogCaptureFixture, **given: object) -> list[str]:
    for _ in range(2):
        step.invoke("how do i pluck a hairline", {"configurable": given})
    return [one.getMessage() for one in caplog.records]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("userId", "user_id"),
        ("userid", "user_id"),
        ("user-id", "user_id"),
        ("threadId", "thread_id"),
        ("ownedOffers", "owned_offers"),
        ("Tier", "tier"),
    ],
)
def test_a_key_that_is_spelt_in_another_way_is_told_once(
    step: EscalationStep, caplog: pytest.LogCaptureFixture, written: str, meant: str
) -> None:
    expected = f"`configurable` has {written!r}, which is not read; is {meant!r} meant?"
    assert told(step, caplog, session_id="s", **{written: "x"}) == [expected]


def test_that_nobody_asks_is_told_once(
    step: EscalationStep, caplog: pytest.LogCaptureFixture
) -> None:
    assert told(step, caplog) == [slips.NOBODY]


class Row:
    """A user as a database gives it: its text is its address."""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"user_id": {"id": 1}}, "`user_id` is an object of dict, and takes your id as a text"),
        ({"thread_id": Row()}, "`thread_id` is an object of Row, and takes your id as a text"),
        ({"owned_offers": 5}, "`owned_offers` is an object of int, which is not read: it takes a"),
        ({"owned_offers": [{"id": 1}]}, "`owned_offers` holds an object of dict, which is not rea"),
        ({"signals": "minor"}, "`signals` is an object of str, which is not read: it takes a dict"),
        ({"signals": {"ageFlag": "minor"}}, "`signals` has 'ageFlag', which is not read; is 'age"),
    ],
)
def test_a_value_that_says_nothing_is_told_once(
    step: EscalationStep,
    caplog: pytest.LogCaptureFixture,
    given: dict[str, object],
    expected: str,
) -> None:
    (line,) = told(step, caplog, **{"session_id": "s", **given})
    assert line.startswith(expected)


@pytest.mark.parametrize(
    "given",
    [
        {"user_id": 7, "owned_offers": "course, mentorship"},
        {"user_id": UUID(int=1), "owned_offers": {"course": True}},
        {"signals": {"age_flag": "adult", "shop": "of the app"}},
    ],
)
def test_values_that_are_read_are_told_of_nowhere(
    step: EscalationStep, caplog: pytest.LogCaptureFixture, given: dict[str, object]
) -> None:
    assert told(step, caplog, **{"session_id": "s", **given}) == []


def test_every_signal_that_is_read_is_known_by_its_spelling(playbook: Playbook) -> None:
    read = {*playbook.indicators.signals, *(one.signal for one in playbook.policy.not_allowed)}
    by_code = {"language", PET_NAMES}
    assert set(slips._SIGNALS) == read | by_code


@pytest.mark.parametrize("who", ["user_id", "session_id", "thread_id"])
def test_somebody_is_somebody(
    step: EscalationStep, caplog: pytest.LogCaptureFixture, who: str
) -> None:
    known = {who: "x", "checkpoint_ns": "", "users_model": "of the app", "temperature": 1}
    assert told(step, caplog, **known) == []


@pytest.mark.parametrize(("key", "reply"), [("answer", "Start now."), ("messages", ["Start now."])])
@pytest.mark.parametrize("streams", [False, True])
def test_a_reply_in_a_dict_is_told_once(
    settings: Settings, caplog: pytest.LogCaptureFixture, key: str, reply: object, *, streams: bool
) -> None:
    tell_once.cache_clear()
    chain: RunnableLambda[Any, Any] = RunnableLambda(
        lambda row: {"question": row["question"], key: reply}
    )
    step = EscalationStep(bound=chain, settings=settings)
    asked = {"question": "how do i pluck a hairline"}
    who: RunnableConfig = {"configurable": {"user_id": "u"}}
    for _ in range(2):
        if streams:
            list(step.stream(asked, who))
        else:
            step.invoke(asked, who)
    (line,) = [one.getMessage() for one in caplog.records]
    assert line.startswith(f"what is wrapped ends in a dict, whose {key!r} may be the reply")
    step.close()


def test_a_structured_reply_is_as_meant(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    tell_once.cache_clear()
    step = EscalationStep(bound=RunnableLambda(lambda _: {"price": 90}), settings=settings)
    step.invoke("how do i pluck a hairline", {"configurable": {"user_id": "u"}})
    assert caplog.records == []
    step.close()


class Away(ScriptedChatModel):
    """Is never there."""

    def _generate(self, *_args: Any, **_kwargs: Any) -> Any:
        raise ConnectionError


def lines_of_an_agent(
    settings: Settings, caplog: pytest.LogCaptureFixture, model: Any, others: Any, *, is_first: bool
) -> list[str]:
    tell_once.cache_clear()
    ours = EscalationAgentMiddleware(settings)
    both = [ours, *others] if is_first else [*others, ours]
    bot: Any = create_agent(model, middleware=both)
    for message_id in "12":
        asked = HumanMessage("how do i pluck a hairline", id=message_id)
        bot.invoke({"messages": [asked]}, {"configurable": {"user_id": "u"}})
    ours.close()
    return [one.getMessage() for one in caplog.records]


@pytest.mark.parametrize("is_first", [True, False])
def test_that_middleware_behind_ours_asks_another_model_is_told_once(
    settings: Settings, caplog: pytest.LogCaptureFixture, *, is_first: bool
) -> None:
    others = [ModelFallbackMiddleware(ScriptedChatModel())]
    lines = lines_of_an_agent(settings, caplog, Away(), others, is_first=is_first)
    assert lines == ([agent.PASSED_BY] if is_first else [])


@pytest.mark.parametrize("content", ["how do i pluck a hairline", ""])
def test_a_model_of_ours_that_answers_is_not_told_of(
    settings: Settings, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    ours = EscalationAgentMiddleware(settings)
    bot: Any = create_agent(ScriptedChatModel(), middleware=[ours])
    for verb in (bot.invoke, lambda *given: asyncio.run(bot.ainvoke(*given))):
        verb({"messages": [HumanMessage(content)]}, {"configurable": {"user_id": "u"}})
    assert caplog.records == []
    ours.close()
