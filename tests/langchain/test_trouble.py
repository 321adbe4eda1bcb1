"""What goes wrong around a chat, on the first day and later; numbers as in `test_first_day`."""

import asyncio
import gc
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableGenerator, RunnableLambda

from tay_middleware import EscalationStep, Escalator, Mode
from tay_middleware.settings import load_settings
from tests.langchain.models import ANSWER, NEED, PIECES, SHAPES, model
from tests.langchain.who import name_in, rows_of, someone

PLAIN = SHAPES["plain text, finish in a chunk of its own"]
Wrap = Callable[..., EscalationStep]


async def _alist(chunks: Any) -> list[Any]:
    return [chunk async for chunk in chunks]


# 6 Things that break.


def test_06_without_a_database_the_reply_is_byte_for_byte_the_models(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "tay.db").mkdir()
    step = EscalationStep(
        bound=model(PLAIN),
        settings=load_settings(
            home=tmp_path, scorer="off", grace_seconds=5.0, recall_timeout_seconds=5.0
        ),
    )
    caplog.clear()
    with caplog.at_level(logging.WARNING, "tay_middleware"):
        assert str(step.invoke(NEED, someone()).text) == ANSWER
    assert len(caplog.messages) == 1
    chunks = list(step.stream(NEED, someone()))
    assert "".join(str(chunk.text) for chunk in chunks) == ANSWER
    step.close()


def test_06_the_models_own_error_reaches_the_caller_as_it_is(wrap: Wrap, engine: Escalator) -> None:
    for fails in (0, 2):
        config = someone()
        step = wrap(model(PLAIN, fail_after=fails))
        with pytest.raises(ConnectionError, match="the model is away"):
            step.invoke(NEED, config)
        got: list[str] = []
        with pytest.raises(ConnectionError, match="the model is away"):
            got.extend(str(chunk.text) for chunk in step.stream(NEED, someone()))
        assert tuple(got) == PIECES[:fails]
        assert [(row.shown, row.suppressed) for row in rows_of(engine, name_in(config))] == [
            (False, "unweavable")
        ]


def test_06_so_does_the_async_one(wrap: Wrap) -> None:
    step = wrap(model(PLAIN, fail_after=1))
    with pytest.raises(ConnectionError):
        asyncio.run(step.ainvoke(NEED, someone()))
    with pytest.raises(ConnectionError):
        asyncio.run(_alist(step.astream(NEED, someone())))


# 7 Clients that leave.


def test_07_a_client_that_leaves_a_sync_stream_is_logged_as_gone(
    wrap: Wrap, engine: Escalator
) -> None:
    config = someone()
    stream: Any = wrap(model(PLAIN)).stream(NEED, config)
    next(stream)
    stream.close()
    assert [(row.detected, row.shown) for row in rows_of(engine, name_in(config))] == [
        (True, False)
    ]


def test_07_a_client_that_leaves_an_async_stream_leaks_nothing(
    wrap: Wrap, engine: Escalator
) -> None:
    config = someone()

    async def scene() -> set[Any]:
        stream: Any = wrap(model(PLAIN)).astream(NEED, config)
        async for _chunk in stream:
            break
        await stream.aclose()
        for _ in range(5):
            # The model's own inner generator is closed by the loop, with or without us.
            await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(scene()) == set()
    gc.collect()
    assert [row.shown for row in rows_of(engine, name_in(config))] == [False]


def test_07_a_cancelled_call_is_cancelled(wrap: Wrap, engine: Escalator) -> None:
    config = someone()

    async def slow(_question: str) -> str:
        await asyncio.sleep(3600)
        raise AssertionError

    async def scene() -> None:
        task = asyncio.ensure_future(wrap(RunnableLambda(slow)).ainvoke(NEED, config))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())
    assert [row.shown for row in rows_of(engine, name_in(config))] == [False]


# 9 Retries and fallbacks.


def test_09_a_retry_is_one_turn(wrap: Wrap, engine: Escalator) -> None:
    config = someone()
    flaky = model(PLAIN, fail_after=0, failures=2)
    step = wrap(flaky).with_retry(stop_after_attempt=3, wait_exponential_jitter=False)
    assert str(step.invoke(NEED, config).text).startswith(f"{ANSWER}\n\n")
    assert [row.shown for row in rows_of(engine, name_in(config))] == [True]


def test_09_a_fallback_is_one_turn(wrap: Wrap, engine: Escalator) -> None:
    config = someone()
    step = wrap(model(PLAIN, fail_after=0)).with_fallbacks([wrap(model(PLAIN))])
    assert str(step.invoke(NEED, config).text).startswith(f"{ANSWER}\n\n")
    assert [row.shown for row in rows_of(engine, name_in(config))] == [True]


def test_09_a_turn_id_of_the_app_makes_any_repetition_one_turn(
    wrap: Wrap, engine: Escalator
) -> None:
    config = someone(turn_id="message-17")
    step = wrap(model(PLAIN))
    assert step.invoke(NEED, config).text == step.invoke(NEED, config).text
    assert len(rows_of(engine, name_in(config))) == 1


# And what comes with threads, loops and processes.


def test_many_threads_share_one_step(wrap: Wrap) -> None:
    step = wrap(model(PLAIN))
    texts: list[str] = []
    threads = [
        threading.Thread(target=lambda: texts.append(str(step.invoke(NEED, someone()).text)))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [text.startswith(f"{ANSWER}\n\n") for text in texts] == [True] * 20


def test_many_streams_run_side_by_side(wrap: Wrap) -> None:
    step = wrap(model(PLAIN))

    async def one() -> str:
        return "".join([str(chunk.text) async for chunk in step.astream(NEED, someone())])

    async def scene() -> list[str]:
        return await asyncio.gather(*(one() for _ in range(200)))

    assert all(text.startswith(f"{ANSWER}\n\n") for text in asyncio.run(scene()))


def test_a_step_made_before_a_fork_works_after_it(wrap: Wrap, engine: Escalator) -> None:
    step = wrap(model(PLAIN))
    child = os.fork()
    if child == 0:
        woven = str(step.invoke(NEED, someone("a child")).text).startswith(f"{ANSWER}\n\n")
        written = step.flush()
        os._exit(0 if woven and written else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [row.shown for row in rows_of(engine, "a child")] == [True]


# What the model may do to us.


def test_06_a_reply_that_cannot_be_read_is_passed_on_and_told_to_the_log(
    wrap: Wrap, engine: Escalator
) -> None:
    class Unreadable(AIMessage):
        @property
        def text(self) -> Any:
            raise KeyError("text")

    made = Unreadable(content=ANSWER)
    before = engine.degraded_counts.get("reply", 0)
    step = wrap(RunnableLambda(lambda _question: made))
    reply = step.invoke(NEED, someone())
    assert reply.content == ANSWER
    assert asyncio.run(step.ainvoke(NEED, someone())).content == ANSWER
    assert [chunk.content for chunk in step.stream(NEED, someone())] == [ANSWER]
    assert engine.degraded_counts["reply"] == before + 3


def test_06_a_chunk_that_cannot_be_read_ends_our_part_and_not_the_stream(
    wrap: Wrap, engine: Escalator
) -> None:
    class Unreadable(AIMessageChunk):
        @property
        def text(self) -> Any:
            raise KeyError("text")

    made = [*PLAIN[:2], Unreadable(content=" and"), *PLAIN[2:]]

    def pieces(_input: Any) -> Any:
        yield from made

    config = someone()
    got = list(wrap(RunnableGenerator(pieces)).stream(NEED, config))
    assert [chunk.content for chunk in got] == [chunk.content for chunk in made]
    assert [row.suppressed for row in rows_of(engine, name_in(config))] == ["unweavable"]


def test_06_switched_off_it_does_not_even_look(tmp_path: Path) -> None:
    step = EscalationStep(
        bound=RunnableLambda(lambda _value: ANSWER),
        settings=load_settings(home=tmp_path, mode=Mode.OFF),
        input_key="not there",
    )
    assert step.invoke({"text": NEED}) == ANSWER
    assert list(step.stream({"text": NEED})) == [ANSWER]
    assert list(tmp_path.iterdir()) == []
    step.close()


def test_06_in_shadow_it_decides_and_adds_nothing(tmp_path: Path) -> None:
    step = EscalationStep(
        bound=model(PLAIN), settings=load_settings(home=tmp_path, mode=Mode.SHADOW)
    )
    reply = step.invoke(NEED, someone())
    assert (str(reply.text), reply.response_metadata["tay"]["suppressed"]) == (ANSWER, "mode")
    step.close()


def test_07_a_client_that_leaves_a_chain_leaks_nothing(wrap: Wrap) -> None:
    prompt = ChatPromptTemplate.from_messages([("human", "{question}")])
    chain = prompt | wrap(model(PLAIN)) | StrOutputParser()

    async def scene() -> set[Any]:
        stream: Any = chain.astream({"question": NEED}, someone())
        async for _piece in stream:
            break
        await stream.aclose()
        await asyncio.get_running_loop().shutdown_asyncgens()
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(scene()) == set()
    gc.collect()


def test_many_event_loops_share_one_step(wrap: Wrap) -> None:
    step = wrap(model(PLAIN))
    texts: list[str] = []

    def loop() -> None:
        async def two() -> list[Any]:
            return await asyncio.gather(*(step.ainvoke(NEED, someone()) for _ in range(2)))

        texts.extend(str(reply.text) for reply in asyncio.run(two()))

    threads = [threading.Thread(target=loop) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [text.startswith(f"{ANSWER}\n\n") for text in texts] == [True] * 16
