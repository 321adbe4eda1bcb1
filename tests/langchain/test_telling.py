"""Slips of an app that would be silent for good: they are told, once."""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig, RunnableLambda

from tay_middleware import EscalationStep
from tay_middleware.engine.telling import tell_once
from tay_middleware.langchain import ScriptedChatModel, asker
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
    assert told(step, caplog) == [asker.NOBODY]


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
