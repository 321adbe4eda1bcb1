"""What a chat model owes its callers beside replies; numbers as in `test_first_day`."""

import asyncio
import pickle
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.language_models import (
    BaseChatModel,
    FakeMessagesListChatModel,
    GenericFakeChatModel,
)
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.rate_limiters import BaseRateLimiter
from langchain_core.runnables import Runnable, RunnableBinding
from pydantic import Field

from tay_middleware import EscalationChatModel, EscalationStep, Escalator
from tay_middleware.langchain import ScriptedChatModel
from tay_middleware.settings import load_settings
from tests.langchain.models import (
    ANSWER,
    NEED,
    PIECES,
    SHAPES,
    ChunkModel,
    block,
    end,
    model,
    texts,
)
from tests.langchain.surfaces import FOUR, SURFACES, WrapModel, alist, summed
from tests.langchain.test_first_day import Said
from tests.langchain.who import name_in, rows_of, someone

PLAIN = SHAPES["finish, then usage"]


def a_chain(ours: Runnable[Any, Any]) -> Any:
    return ChatPromptTemplate.from_messages([("human", "{question}")]) | ours | StrOutputParser()


# 1 In a chain.


def test_01_a_chain_gives_the_same_by_every_verb(wrap_model: WrapModel) -> None:
    chain, turn = a_chain(wrap_model(model(PLAIN))), someone(turn_id="chat model 1")
    question = {"question": NEED}
    expected = chain.invoke(question, turn)
    assert expected.startswith(f"{ANSWER}\n\n")
    assert "".join(chain.stream(question, turn)) == expected
    assert "".join(asyncio.run(alist(chain.astream(question, turn)))) == expected
    assert chain.batch([question], turn) == [expected]
    assert asyncio.run(chain.abatch([question], turn)) == [expected]


# 3 Who asks.


def test_03_what_is_known_wins_over_what_is_configured(
    wrap_model: WrapModel, engine: Escalator
) -> None:
    ours = wrap_model(model(PLAIN)).known_as({"user_id": "the known one"})
    ours.invoke(NEED, someone("the configured one"))
    assert len(rows_of(engine, "the known one")) == 1
    assert rows_of(engine, "the configured one") == []


def test_03_what_is_known_stays_known_beside_more(wrap_model: WrapModel, engine: Escalator) -> None:
    hers = wrap_model(model(PLAIN)).known_as({"user_id": "known beside"})
    hers.known_as({"tier": "vip"}).invoke(NEED)
    assert [row.tier for row in rows_of(engine, "known beside")] == ["vip"]


def test_03_two_hundred_users_at_once_do_not_cross(
    wrap_model: WrapModel, engine: Escalator
) -> None:
    ours = wrap_model(ScriptedChatModel(reply=lambda asked: f"{ANSWER} For {asked.split()[-1]}."))
    users = [someone() for _ in range(200)]

    async def one(user: Any) -> str:
        chunks = ours.astream(f"{NEED} I am {name_in(user)}", user)
        return "".join([str(chunk.text) async for chunk in chunks])

    async def scene() -> list[str]:
        return await asyncio.gather(*(one(user) for user in users))

    for user, reply in zip(users, asyncio.run(scene()), strict=True):
        assert reply.startswith(f"{ANSWER} For {name_in(user)}.\n\n")


# 8 What the wrapped model has, this one has.


class Paced(BaseRateLimiter):
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def acquire(self, *, blocking: bool = True) -> bool:
        self.asked += 1
        return blocking

    async def aacquire(self, *, blocking: bool = True) -> bool:
        return self.acquire(blocking=blocking)


@pytest.mark.parametrize("verb", FOUR)
def test_a_rate_limiter_is_asked_once_a_call(wrap_model: WrapModel, verb: str) -> None:
    pace = Paced()
    SURFACES[verb](wrap_model(model(PLAIN, rate_limiter=pace)), someone())
    assert pace.asked == 1


def test_a_cache_keeps_the_bare_reply_and_never_a_woven_one(wrap_model: WrapModel) -> None:
    bare = model(PLAIN, cache=InMemoryCache())
    ours, asked = wrap_model(bare), someone()
    replies = [str(ours.invoke(NEED, someone()).text) for _ in range(3)]
    assert all(reply.startswith(f"{ANSWER}\n\n") for reply in replies)
    assert bare.calls == ["generate"]
    assert str(bare.invoke(NEED).text) == ANSWER
    assert str(ours.invoke("hello there", asked).text) == ANSWER


@pytest.mark.parametrize(
    "bare",
    [
        FakeMessagesListChatModel(responses=[AIMessage(ANSWER)]),
        ScriptedChatModel(reply=lambda _question: ANSWER, disable_streaming=True),
    ],
    ids=["cannot stream", "may not stream"],
)
def test_a_model_that_does_not_stream_gives_one_whole_message(
    wrap_model: WrapModel, bare: BaseChatModel
) -> None:
    ours, turn = wrap_model(bare), someone(turn_id=f"whole {bare._llm_type}")
    (streamed,) = ours.stream(NEED, turn)
    (astreamed,) = asyncio.run(alist(ours.astream(NEED, turn)))
    invoked = ours.invoke(NEED, turn)
    assert type(streamed) is type(bare.invoke(NEED))
    assert str(invoked.text).startswith(f"{ANSWER}\n\n")
    assert invoked.content == streamed.content == astreamed.content


def test_a_finish_that_only_the_generation_tells_is_heard(wrap_model: WrapModel) -> None:
    class Tells(ChunkModel):
        finish: str = "stop"

        def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
            yield from super()._stream(*args, **kwargs)
            info = {"finish_reason": self.finish, "model_name": "m"}
            yield ChatGenerationChunk(message=end(), generation_info=info)

        async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
            for chunk in self._stream(*args, **kwargs):
                yield chunk

    for finish, added in (("stop", True), ("length", False)):
        chunks = list(
            wrap_model(Tells(chunks=texts(*PIECES), finish=finish)).stream(NEED, someone())
        )
        whole = summed(chunks)
        assert ("\n\n" in str(whole.text)) is added
        assert {"finish_reason": finish, "model_name": "m"}.items() <= (
            whole.response_metadata.items()
        )
        assert str(chunks[len(PIECES)].text).startswith("\n\n") is added


def test_a_model_of_ours_is_not_wrapped_a_second_time(
    wrap_model: WrapModel, engine: Escalator
) -> None:
    bare = model(PLAIN)
    twice = wrap_model(wrap_model(bare).known_as({"user_id": "the one known within"}))
    assert twice.bound is bare
    assert str(twice.invoke(NEED, someone()).text).count("\n\n") == 1
    assert len(rows_of(engine, "the one known within")) == 1
    owner = someone(owned_offers=["mentorship", "course", "masterclass"])
    assert str(wrap_model(wrap_model(bare)).invoke(NEED, owner).text) == ANSWER
    assert EscalationChatModel(bound=wrap_model(bare)).escalator is engine


def test_it_describes_itself_to_listeners_once(wrap_model: WrapModel) -> None:
    class Described(ChunkModel):
        times: list[int] = Field(default_factory=list)

        def __repr__(self) -> str:
            self.times.append(1)
            return "a model"

    bare = Described(chunks=PLAIN)
    ours = wrap_model(bare)
    for given in (ours, ours, ours.known_as({"tier": "vip"})):
        assert str(given.invoke(NEED, someone()).text).startswith(ANSWER)
    assert len(bare.times) == 1


def test_it_says_of_itself_what_the_wrapped_model_says(wrap_model: WrapModel) -> None:
    bare = ScriptedChatModel(
        chunk_seconds=0.5,
        profile={"max_input_tokens": 9},
        custom_get_token_ids=lambda _text: [1, 2],
    )
    ours: Any = wrap_model(bare)
    assert (ours.chunk_seconds, ours.profile, ours._llm_type) == (0.5, bare.profile, "scripted")
    assert ours.get_num_tokens("three words here") == 2
    assert ours._get_ls_params() == bare._get_ls_params()
    assert ours._get_invocation_params() == bare._get_invocation_params()
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = ours.nothing_of_the_kind


def test_08_tools_are_bound_to_it(wrap_model: WrapModel) -> None:
    ours = wrap_model(model(PLAIN)).bind_tools([{"name": "look"}])
    assert isinstance(ours, RunnableBinding)
    assert isinstance(ours.bound, EscalationChatModel)
    assert ours.kwargs == {"tools": [{"name": "look"}]}
    assert ours.invoke(NEED, someone()).response_metadata["tay"]["shown"] is True


def test_08_other_ways_to_bind_tools_end_in_one_of_our_surfaces(wrap_model: WrapModel) -> None:
    class Copies(ChunkModel):
        def bind_tools(self, *_args: Any, **_kwargs: Any) -> Any:
            return self.model_copy()

    class Chains(ChunkModel):
        def bind_tools(self, *_args: Any, **_kwargs: Any) -> Any:
            return self.bind(stop=["x"]) | (lambda message: message)

    for kind, surface in ((Copies, EscalationChatModel), (Chains, EscalationStep)):
        ours = wrap_model(kind(chunks=PLAIN)).bind_tools([])
        assert isinstance(ours, surface)
        assert str(ours.invoke(NEED, someone()).text).startswith(f"{ANSWER}\n\n")


def test_08_structured_output_is_the_models_own(wrap_model: WrapModel) -> None:
    assert wrap_model(model(PLAIN)).with_structured_output(Said).invoke(NEED) == Said(text=ANSWER)


@pytest.mark.parametrize("verb", FOUR)
def test_08_standard_blocks_stay_standard(wrap_model: WrapModel, verb: str) -> None:
    pieces = [
        block("hmm", kind="reasoning"),
        *(block(piece, index=1) for piece in PIECES),
        end(response_metadata={"finish_reason": "stop"}),
    ]
    alone = SURFACES[verb](model(pieces, output_version="v1"), {})
    ours = SURFACES[verb](wrap_model(model(pieces, output_version="v1")), someone())
    assert [part["type"] for part in ours.content] == [part["type"] for part in alone.content]
    assert str(ours.text).startswith(f"{ANSWER}\n\n")
    assert ours.response_metadata["output_version"] == "v1"


# 6, 7, 9 When something goes wrong.


def test_09_retries_and_fallbacks_are_one_turn(wrap_model: WrapModel, engine: Escalator) -> None:
    flaky = wrap_model(model(PLAIN, fail_after=0, failures=2))
    retried = flaky.with_retry(stop_after_attempt=3, wait_exponential_jitter=False)
    away = wrap_model(model(PLAIN, fail_after=0))
    for ours in (retried, away.with_fallbacks([wrap_model(model(PLAIN))])):
        config = someone()
        assert str(ours.invoke(NEED, config).text).startswith(f"{ANSWER}\n\n")
        assert [row.shown for row in rows_of(engine, name_in(config))] == [True]


# 11, 13 What tools want to know of it.


def test_13_it_can_be_drawn_described_and_pickled(tmp_path: Path) -> None:
    bare = FakeMessagesListChatModel(responses=[AIMessage(ANSWER)])
    ours = EscalationChatModel(
        bound=bare,
        settings=load_settings(
            home=tmp_path, scorer="off", grace_seconds=5.0, recall_timeout_seconds=5.0
        ),
    )
    assert "EscalationChatModel" in a_chain(ours).get_graph().draw_mermaid()
    assert ours.get_input_jsonschema() == bare.get_input_jsonschema() | {
        "title": "EscalationChatModelInput"
    }
    assert {spec.id for spec in ours.config_specs} >= {"user_id", "turn_id"}
    copy = pickle.loads(pickle.dumps(ours))  # noqa: S301 - our own bytes
    assert str(copy.invoke(NEED, someone()).text).startswith(f"{ANSWER}\n\n")
    copy.close()
    ours.close()


def test_many_threads_and_loops_share_one_model(wrap_model: WrapModel) -> None:
    ours = wrap_model(model(PLAIN))
    said: list[str] = []

    def loop() -> None:
        said.append(str(ours.invoke(NEED, someone()).text))
        said.extend(str(asyncio.run(ours.ainvoke(NEED, someone())).text) for _ in range(2))

    threads = [threading.Thread(target=loop) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [text.startswith(f"{ANSWER}\n\n") for text in said] == [True] * 24


def test_old_ways_of_asking_a_model_work(wrap_model: WrapModel, engine: Escalator) -> None:
    result = wrap_model(model(PLAIN)).generate([[HumanMessage(NEED)]])
    assert result.generations[0][0].text.startswith(f"{ANSWER}\n\n")
    assert engine.degraded_counts.get("event", 0) == 0


def test_a_generator_of_messages_is_a_model_too(wrap_model: WrapModel) -> None:
    bare = GenericFakeChatModel(messages=iter([AIMessage(ANSWER), AIMessage(ANSWER)]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = wrap_model(bare)
        assert str(ours.invoke(NEED, someone()).text).startswith(f"{ANSWER}\n\n")
        pieces = list(ours.stream(NEED, someone()))
    assert all(isinstance(piece, AIMessageChunk) for piece in pieces)
    assert str(summed(pieces).text).startswith(f"{ANSWER}\n\n")
