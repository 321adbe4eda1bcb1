"""The encoder beside a reply: its thread and its session go when it is closed."""

import gc
import weakref
from threading import Thread
from threading import enumerate as enumerate_threads
from typing import cast

import pytest

from tay_middleware.decide.beside import EncoderBeside
from tay_middleware.decide.cascade import Cascade
from tay_middleware.decide.encoder import Encoder
from tay_middleware.decide.model import Model
from tay_middleware.playbook import Playbook
from tests.builders import a_turn
from tests.decide.opinions import SaysAlways, an_opinion

QUESTION = "We are big in Leeds and nobody in York with our wigs. Same posts."


@pytest.mark.anyio
async def test_a_closed_cascade_leaves_no_thread_and_no_encoder_behind(playbook: Playbook) -> None:
    opened: list[weakref.ref[SaysAlways]] = []

    def opening() -> Encoder:
        made = SaysAlways(an_opinion(0.99))
        opened.append(weakref.ref(made))
        return cast("Encoder", made)

    others = set(encoder_threads())
    beside = EncoderBeside(opening)
    cascade = Cascade(playbook, model=cast("Model", SaysAlways(an_opinion(0.9))), encoder=beside)
    cascade.start()
    beside.opened()
    before = set(encoder_threads()) - others
    await cascade.begin(a_turn(QUESTION)).settled(5.0)
    await cascade.aclose()
    for thread in before:
        thread.join(10)
    gc.collect()
    assert before
    assert not before & set(encoder_threads())
    assert opened[0]() is None
    beside.opened()  # who asks next opens it again
    assert len(opened) == 2
    await beside.aclose()


def encoder_threads() -> list[Thread]:
    return [thread for thread in enumerate_threads() if thread.name.startswith("tay-encoder")]


@pytest.mark.anyio
async def test_a_turn_that_comes_while_python_ends_has_no_second_opinion() -> None:
    beside = EncoderBeside(lambda: cast("Encoder", SaysAlways(an_opinion(0.99))))
    beside.opened()
    assert beside._room is not None
    beside._room.threads.shutdown()  # as Python does at its end, before ours has come to its own
    assert await beside.judge(QUESTION) is None
    assert beside._room.waiting == 0
