"""Every surface of the step over every shape of reply: the model's text, then the addition."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel, FakeMessagesListChatModel
from langchain_core.messages import AIMessage, AIMessageChunk

from tay_middleware import EscalationChatModel, EscalationStep, Escalator
from tests.langchain.models import (
    ANSWER,
    FINISH,
    NEED,
    PIECES,
    SHAPES,
    UNWEAVABLE,
    USAGE,
    ChunkModel,
    block,
    end,
    model,
)
from tests.langchain.surfaces import SURFACES, summed
from tests.langchain.who import name_in, rows_of, someone

Wrap = Callable[[BaseChatModel], EscalationStep | EscalationChatModel]


@pytest.fixture(params=["step", "chat model"])
def wrap(request: pytest.FixtureRequest, engine: Escalator) -> Wrap:
    """Wraps a model, in a step and in a chat model: the same must hold for both."""
    if request.param == "step":
        return lambda bound: EscalationStep(bound=bound, escalator=engine)
    return lambda bound: EscalationChatModel(bound=bound, escalator=engine)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_reply_is_the_models_and_then_the_addition(
    wrap: Wrap, shape: str, surface: str
) -> None:
    bare = model(SHAPES[shape]).invoke(NEED)
    reply = SURFACES[surface](wrap(model(SHAPES[shape])), someone())
    assert isinstance(reply, AIMessage)
    text = str(reply.text)
    assert text.startswith(ANSWER + "\n\n")
    assert reply.response_metadata["tay"]["shown"] is True
    assert reply.response_metadata["tay"]["offer"] == "mentorship"
    told = {key: value for key, value in reply.response_metadata.items() if key != "tay"}
    assert told == bare.response_metadata
    assert reply.usage_metadata == bare.usage_metadata
    assert type(reply.content) is type(bare.content)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("shape", UNWEAVABLE)
def test_what_cannot_be_woven_into_is_passed_on_as_it_is(
    wrap: Wrap, shape: str, surface: str
) -> None:
    bare = model(UNWEAVABLE[shape]).invoke(NEED)
    reply = SURFACES[surface](wrap(model(UNWEAVABLE[shape])), someone())
    assert reply.content == bare.content or str(reply.text) == str(bare.text)
    assert reply.tool_calls == bare.tool_calls
    assert reply.response_metadata["tay"]["suppressed"] == "unweavable"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_stream_adds_up_to_what_invoke_gives(wrap: Wrap, shape: str) -> None:
    same_turn = someone(turn_id=f"one turn of {shape}")
    pieces = summed(list(wrap(model(SHAPES[shape])).stream(NEED, same_turn)))
    whole = wrap(model(SHAPES[shape])).invoke(NEED, same_turn)
    assert pieces.content == whole.content
    assert pieces.usage_metadata == whole.usage_metadata
    assert pieces.id == whole.id or whole.id is None


@pytest.mark.parametrize("shape", SHAPES)
def test_every_chunk_is_passed_on_the_moment_it_comes(wrap: Wrap, shape: str) -> None:
    seen: list[str] = []
    chunks = SHAPES[shape]

    class Watched(type(model(chunks))):  # type: ignore[misc]  # a class of the fixture's kind
        def _stream(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
            for chunk in super()._stream(messages, *args, **kwargs):
                if chunk.text:
                    seen.append(f"made {chunk.text}")
                yield chunk

    stream = wrap(Watched(chunks=list(chunks), calls=[])).stream(NEED, someone())
    seen.extend(f"got {chunk.text}" for chunk in stream if str(chunk.text))
    made_and_got = seen[:-1]
    assert made_and_got[0::2] == [entry.replace("got", "made") for entry in made_and_got[1::2]]
    assert seen[-1].startswith("got \n\n")


@pytest.mark.parametrize("shape", SHAPES)
def test_and_so_it_is_in_an_async_stream(wrap: Wrap, shape: str) -> None:
    """Each text is let out of the model only after the one before it has arrived."""
    arrived = [asyncio.Event() for text in SHAPES[shape] if str(text.text)]
    texts = iter(arrived)

    class Gated(ChunkModel):
        async def _astream(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
            before: asyncio.Event | None = None
            for chunk in self._stream(messages):
                if str(chunk.text):
                    if before is not None:
                        await before.wait()
                    before = next(texts)
                yield chunk

    async def scene() -> list[str]:
        got: list[str] = []
        async for chunk in wrap(Gated(chunks=SHAPES[shape])).astream(NEED, someone()):
            if str(chunk.text):
                arrived[min(len(got), len(arrived) - 1)].set()
                got.append(str(chunk.text))
        return got

    got = asyncio.run(asyncio.wait_for(scene(), 10))
    assert tuple(got[: len(PIECES)]) == PIECES
    assert got[len(PIECES) :][0].startswith("\n\n")


@pytest.mark.parametrize("shape", SHAPES)
def test_the_decision_stands_on_exactly_one_chunk(wrap: Wrap, shape: str) -> None:
    chunks = list(wrap(model(SHAPES[shape])).stream(NEED, someone()))
    assert sum("tay" in chunk.response_metadata for chunk in chunks) == 1


@pytest.mark.parametrize("shape", SHAPES)
def test_the_addition_carries_the_replys_id_and_nothing_that_adds_up(
    wrap: Wrap, shape: str
) -> None:
    chunks: list[AIMessageChunk] = list(wrap(model(SHAPES[shape])).stream(NEED, someone()))
    added = next(chunk for chunk in chunks if str(chunk.text).startswith("\n\n"))
    bare = next(c for c in model(SHAPES[shape]).stream(NEED) if str(c.text))
    assert added.usage_metadata is None
    assert added.additional_kwargs == {}
    assert set(added.response_metadata) <= {"tay"}
    assert (added.id is None) == (bare.id is None)
    assert isinstance(added.content, type(bare.content))


@pytest.mark.parametrize("shape", SHAPES)
def test_who_is_said_to_speak_says_the_addition_too(wrap: Wrap, shape: str) -> None:
    """Apps of several agents show what their streams say by name."""
    named = [chunk.model_copy(update={"name": "tay"}) for chunk in SHAPES[shape]]
    said = [chunk for chunk in wrap(model(named)).stream(NEED, someone()) if str(chunk.text)]
    assert str(said[-1].text).startswith("\n\n")
    assert {chunk.name for chunk in said} == {"tay"}


def test_the_finish_comes_after_the_addition_where_it_can(wrap: Wrap) -> None:
    for shape in (
        "plain text, finish in a chunk of its own",
        "finish, then usage",
        "finish under another name",
        "finish with more beside it",
        "blocks",
    ):
        chunks = list(wrap(model(SHAPES[shape])).stream(NEED, someone()))
        added = next(at for at, chunk in enumerate(chunks) if str(chunk.text).startswith("\n\n"))
        finish = next(
            at
            for at, chunk in enumerate(chunks)
            if {"finish_reason", "stopReason"} & chunk.response_metadata.keys()
        )
        assert added < finish


@pytest.mark.parametrize(
    "pieces",
    [
        [block(piece, index=None) for piece in PIECES],
        [AIMessageChunk(content=[piece], id="run-1") for piece in PIECES],
    ],
    ids=["blocks without an index", "bare texts in a list"],
)
def test_content_of_rarer_shapes_says_the_same_by_both_ways(
    wrap: Wrap, pieces: list[AIMessageChunk]
) -> None:
    chunks, same_turn = [*pieces, end(response_metadata=FINISH)], someone(turn_id=repr(pieces[0]))
    streamed = summed(list(wrap(model(chunks)).stream(NEED, same_turn)))
    whole = wrap(model(chunks)).invoke(NEED, same_turn)
    assert str(streamed.text).startswith(f"{ANSWER}\n\n")
    assert str(streamed.text) == str(whole.text)
    assert {type(part) for part in streamed.content} == {type(pieces[0].content[0])}


def test_reasoning_is_never_added_to(wrap: Wrap) -> None:
    reply = summed(list(wrap(model(SHAPES["blocks after reasoning"])).stream(NEED, someone())))
    kinds = [part["type"] for part in reply.content]
    assert kinds == ["reasoning", "text"]
    assert reply.content[0]["reasoning"] == "hmm, her prices"


@pytest.mark.parametrize(
    "shape", ["blocks that cite a source", "blocks with named indices that cite a source"]
)
@pytest.mark.parametrize("surface", ["invoke", "stream", "astream"])
def test_a_sentence_of_ours_is_said_by_no_source(wrap: Wrap, shape: str, surface: str) -> None:
    bare = model(SHAPES[shape]).invoke(NEED)
    reply = SURFACES[surface](wrap(model(SHAPES[shape])), someone())
    *theirs, ours = reply.content
    assert theirs == bare.content
    assert ours.keys() == {"type", "text", "index"}
    assert ours["text"] == reply.response_metadata["tay"]["addition"]
    assert ours["index"] not in {part["index"] for part in theirs}


def test_a_reply_with_sources_is_the_same_by_both_ways(wrap: Wrap) -> None:
    shape, same_turn = SHAPES["blocks that cite a source"], someone(turn_id="with sources")
    streamed = summed(list(wrap(model(shape)).stream(NEED, same_turn)))
    assert streamed.content == wrap(model(shape)).invoke(NEED, same_turn).content


def test_the_messages_of_the_model_are_not_changed_in_place(wrap: Wrap) -> None:
    kept = AIMessage(content=[{"type": "text", "text": ANSWER}], response_metadata=dict(FINISH))
    reply = wrap(FakeMessagesListChatModel(responses=[kept])).invoke(NEED, someone())
    assert str(reply.text) != ANSWER
    assert kept.content == [{"type": "text", "text": ANSWER}]
    assert kept.response_metadata == FINISH


def test_usage_is_the_models(wrap: Wrap) -> None:
    reply = wrap(model(SHAPES["finish, then usage"])).invoke(NEED, someone())
    assert reply.usage_metadata == USAGE


def test_one_turn_is_one_row(wrap: Wrap, engine: Escalator) -> None:
    config = someone()
    list(wrap(model(SHAPES["blocks"])).stream(NEED, config))
    rows = rows_of(engine, name_in(config))
    assert [(row.question, row.shown) for row in rows] == [(NEED, True)]
