"""What callbacks, traces, counters and events hear of a reply; numbers as in `test_first_day`."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import (
    AsyncCallbackHandler,
    BaseCallbackHandler,
    get_usage_metadata_callback,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig
from langchain_core.tracers.context import collect_runs
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler

from tay_middleware import EscalationChatModel, EscalationStep, Escalator
from tay_middleware.langchain import ScriptedChatModel
from tay_middleware.langchain.announce import hears
from tay_middleware.settings import load_settings
from tests.langchain.models import ANSWER, NEED, PIECES, SHAPES, USAGE, model
from tests.langchain.surfaces import FOUR, SURFACES, WrapModel
from tests.langchain.who import name_in, rows_of, someone

PLAIN = SHAPES["finish, then usage"]


@pytest.mark.parametrize("verb", FOUR)
def test_10_whoever_counts_everything_counts_once(wrap_model: WrapModel, verb: str) -> None:
    ours = wrap_model(model(SHAPES["plain text, finish in a chunk of its own"]))
    with get_usage_metadata_callback() as counted:
        SURFACES[verb](ours, someone())
    assert counted.usage_metadata == {"m": USAGE}


@pytest.mark.parametrize("verb", FOUR)
@pytest.mark.parametrize("surface", [EscalationChatModel, EscalationStep])
def test_14_the_run_tells_the_decision_and_there_is_one(
    engine: Escalator, surface: Any, verb: str
) -> None:
    ours = surface(bound=model(PLAIN), escalator=engine)
    with collect_runs() as collected:
        SURFACES[verb](ours, someone())
    (run,) = collected.traced_runs
    assert run.name == surface.__name__
    assert run.metadata["tay_offer"] == "mentorship"
    assert run.metadata["tay_shown"] is True
    assert [child.name for child in run.child_runs] in ([], ["ChunkModel"])


class Tokens(BaseCallbackHandler):
    """Hears tokens, as an app that streams over callbacks does."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.events: list[Any] = []

    def on_llm_new_token(self, token: Any, **_more: Any) -> None:
        self.heard.append(str(token))

    def on_custom_event(self, name: str, data: Any, **_more: Any) -> None:
        self.events.append((name, data["offer"]))


@pytest.mark.parametrize("verb", ["stream", "astream"])
def test_04_callbacks_hear_every_token_once(wrap_model: WrapModel, verb: str) -> None:
    heard = Tokens()
    reply = SURFACES[verb](wrap_model(model(PLAIN)), {**someone(), "callbacks": [heard]})
    assert "".join(heard.heard) == str(reply.text)
    assert heard.events == [("tay_decision", "mentorship")]


def test_04_callbacks_of_the_wrapped_model_stay(wrap_model: WrapModel) -> None:
    heard = Tokens()
    list(wrap_model(model(PLAIN, callbacks=[heard])).stream(NEED, someone()))
    assert heard.heard[: len(PIECES)] == list(PIECES)


@pytest.mark.filterwarnings(
    "ignore::langchain_core._api.LangChainBetaWarning"  # v3 says that it is in beta
)
@pytest.mark.parametrize("shape", SHAPES)
def test_04_events_v3_are_those_of_the_model_and_then_the_addition(
    wrap_model: WrapModel, shape: str
) -> None:
    if not hasattr(BaseChatModel, "stream_events"):
        pytest.skip("this langchain-core has no events v3")
    bare: Any = model(SHAPES[shape])
    ours: Any = wrap_model(bare)

    async def scene() -> Any:
        return await (await ours.astream_events(NEED, someone(), version="v3")).output

    alone = bare.stream_events(NEED, version="v3").output
    for told in (ours.stream_events(NEED, someone(), version="v3").output, asyncio.run(scene())):
        assert str(told.text).startswith(f"{ANSWER}\n\n")
        assert told.usage_metadata == alone.usage_metadata
        assert told.response_metadata.pop("tay")["shown"] is True
        assert told.response_metadata == alone.response_metadata
        kinds = [part["type"] for part in alone.content]
        own = ["text"] if "cite a source" in shape else []
        assert [part["type"] for part in told.content] == kinds + own


class Graph(BaseCallbackHandler):
    """Hears all but events, as a graph that streams messages does."""


class Silenced(Tokens):
    """Has a method for events, and says that it takes none."""

    ignore_custom_event = True


@pytest.mark.parametrize(
    ("listener", "is_told"),
    [
        (Graph(), False),
        (AsyncCallbackHandler(), False),
        (Silenced(), False),
        (Tokens(), True),
        (RunCollectorCallbackHandler(), True),
    ],
)
def test_only_who_takes_events_or_traces_is_told_of_a_decision(
    listener: BaseCallbackHandler, is_told: bool
) -> None:
    assert hears(listener) is is_told


class _Suspends(AsyncCallbackHandler):
    """Listens so slowly that its caller may be cancelled meanwhile."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()

    async def on_custom_event(self, *_args: Any, **_more: Any) -> None:
        self.reached.set()
        await asyncio.sleep(60)


@pytest.mark.parametrize("how", ["ainvoke", "astream"])
def test_who_is_cancelled_while_a_mention_is_announced_was_shown_none(
    wrap: Callable[..., EscalationStep], engine: Escalator, how: str
) -> None:
    step, config = wrap(ScriptedChatModel(reply=lambda _question: ANSWER)), someone()

    async def read() -> None:
        listening: RunnableConfig = {**config, "callbacks": [slow]}
        if how == "ainvoke":
            await step.ainvoke(NEED, listening)
        else:
            async for _chunk in step.astream(NEED, listening):
                pass

    async def leave() -> None:
        reading = asyncio.create_task(read())
        await asyncio.wait_for(slow.reached.wait(), 10)
        reading.cancel()
        await asyncio.wait({reading})
        assert reading.cancelled()

    slow = _Suspends()
    asyncio.run(leave())
    assert [row.shown for row in rows_of(engine, name_in(config))] == [False]
    again = step.invoke(NEED, config)
    assert str(again.text).startswith(f"{ANSWER}\n\n")


class Described(BaseCallbackHandler):
    """Keeps what it is told of the surfaces that run, as a tracer does."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_chat_model_start(self, serialized: Any, messages: Any, **_more: Any) -> None:
        self.heard.append(f"{serialized} {messages}")

    def on_chain_start(self, serialized: Any, inputs: Any, **_more: Any) -> None:
        self.heard.append(f"{serialized} {inputs}")


@pytest.mark.parametrize("surface", [EscalationChatModel, EscalationStep])
def test_no_secret_of_the_settings_reaches_a_listener(
    engine: Escalator, tmp_path: Path, surface: Any
) -> None:
    settings = load_settings(
        home=tmp_path,
        redis_url="redis://:hunter1@127.0.0.1:1/0",
        user_key_secret="hunter2" * 6,
        database_url="postgresql+asyncpg://tay:hunter3@127.0.0.1:1/tay",
        webhook_secrets={"stripe": "hunter4"},
        classifier_api_key="hunter5",
        classifier_extra_body={"api-key": "hunter6"},
    )
    ours = surface(bound=model(PLAIN), settings=settings, escalator=engine)
    listener = Described()
    ours.invoke(NEED, {**someone(), "callbacks": [listener]})
    assert listener.heard != []
    assert "hunter" not in "".join([*listener.heard, repr(ours), str(ours), repr(settings)])
