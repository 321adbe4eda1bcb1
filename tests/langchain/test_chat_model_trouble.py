"""What the chat model does when the model, the database or the caller gives up."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.outputs import ChatGenerationChunk

from tay_middleware import EscalationChatModel, Escalator, Mode
from tay_middleware.settings import load_settings
from tests.langchain.models import (
    ANSWER,
    NEED,
    PIECES,
    SHAPES,
    ChunkModel,
    model,
    texts,
)
from tests.langchain.surfaces import FOUR, SURFACES, WrapModel, alist
from tests.langchain.who import name_in, rows_of, someone

PLAIN = SHAPES["finish, then usage"]


@pytest.mark.parametrize("verb", FOUR)
@pytest.mark.parametrize("fails", [0, 2])
def test_06_the_models_own_error_reaches_the_caller_as_it_is(
    wrap_model: WrapModel, engine: Escalator, verb: str, fails: int
) -> None:
    config = someone()
    with pytest.raises(ConnectionError, match="the model is away"):
        SURFACES[verb](wrap_model(model(PLAIN, fail_after=fails)), config)
    assert [row.shown for row in rows_of(engine, name_in(config))] == [False]


def test_06_a_stream_that_breaks_loses_nothing_of_the_models(wrap_model: WrapModel) -> None:
    broken = model(PLAIN, fail_after=5)
    for ours in (broken, wrap_model(broken)):
        got: list[Any] = []
        with pytest.raises(ConnectionError):
            got.extend(ours.stream(NEED, someone()))
        assert [chunk.content for chunk in got] == [*PIECES, ""]


def test_06_without_a_database_the_reply_is_byte_for_byte_the_models(tmp_path: Path) -> None:
    (tmp_path / "tay.db").mkdir()
    ours = EscalationChatModel(
        bound=model(PLAIN),
        settings=load_settings(
            home=tmp_path, scorer="off", grace_seconds=5.0, recall_timeout_seconds=5.0
        ),
    )
    for verb in FOUR:
        assert str(SURFACES[verb](ours, someone()).text) == ANSWER
    ours.close()


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.OFF])
def test_06_shadow_tells_and_off_does_not_and_neither_adds(tmp_path: Path, mode: Mode) -> None:
    ours = EscalationChatModel(bound=model(PLAIN), settings=load_settings(home=tmp_path, mode=mode))
    for verb in FOUR:
        reply = SURFACES[verb](ours, someone())
        assert str(reply.text) == ANSWER
        assert ("tay" in reply.response_metadata) is (mode is Mode.SHADOW)
    ours.close()


def test_07_a_cancelled_call_is_cancelled(wrap_model: WrapModel, engine: Escalator) -> None:
    config, begun = someone(), asyncio.Event()

    class Hangs(ChunkModel):
        async def _astream(self, *_args: Any, **_kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
            yield ChatGenerationChunk(message=texts("so ")[0])
            begun.set()
            await asyncio.Event().wait()

    async def scene() -> None:
        ours = wrap_model(Hangs(chunks=[]))
        task = asyncio.ensure_future(alist(ours.astream(NEED, config)))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())
    assert [row.shown for row in rows_of(engine, name_in(config))] == [False]
