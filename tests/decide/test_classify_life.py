"""Sharing, cancelling, closing: the life of asks that are under way."""

import asyncio
import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tay_middleware.decide.classify import Answer, Classifier, Verdict
from tay_middleware.domain import Message, Reason
from tay_middleware.playbook import Playbook
from tests.decide.asked import QUESTION, asked, at_work, knobs
from tests.decide.llm_server import LlmServer, llm_server

MENTORSHIP = Verdict("mentorship", Reason.STRATEGIC)
SLACK_SECONDS = 1.0
"""What a loaded machine may add to a deadline; the deadlines here are below half a second."""


@pytest.fixture(scope="module")
def server() -> Iterator[LlmServer]:
    with llm_server() as running:
        yield running


def test_equal_questions_are_asked_once_and_paid_once(
    server: LlmServer, playbook: Playbook
) -> None:
    settings = knobs(server.url, "ok")

    async def scene(classifier: Classifier) -> list[Answer]:
        at_once = await asyncio.gather(*(classifier.ask(QUESTION) for _ in range(20)))
        return [*at_once, await classifier.ask(f"  {QUESTION.upper()}\u200b ")]

    answers = at_work(settings, playbook, scene)
    assert len(server.requests(settings.classifier_model or "")) == 1
    assert {answer.verdict for answer in answers} == {MENTORSHIP}
    assert sum(answer.prompt_tokens for answer in answers) == 700
    assert sorted(answer.outcome for answer in answers) == ["cached"] * 20 + ["ok"]


def test_the_same_words_after_other_words_are_another_question(
    server: LlmServer, playbook: Playbook
) -> None:
    settings = knobs(server.url, "ok")

    async def scene(classifier: Classifier) -> list[Answer]:
        said = (Message("user", "how much is the course"),)
        return [await classifier.ask("and that?"), await classifier.ask("and that?", said)]

    assert [answer.outcome for answer in at_work(settings, playbook, scene)] == ["ok", "ok"]


def test_memory_is_bounded_and_can_be_off(server: LlmServer, playbook: Playbook) -> None:
    small = knobs(server.url, "ok", classifier_cache_size=1)
    outcomes = [one.outcome for one in asked(small, playbook, "one", "one", "two", "one")]
    assert outcomes == ["ok", "cached", "ok", "ok"]
    none = knobs(server.url, "ok", classifier_cache_size=0)
    assert [one.outcome for one in asked(none, playbook, "one", "one")] == ["ok", "ok"]


def test_a_cancelled_ask_stops_and_one_who_shares_it_goes_on(
    server: LlmServer, playbook: Playbook
) -> None:
    settings = knobs(server.url, "stall,ok", classifier_try_seconds=0.3)

    async def scene(classifier: Classifier) -> Answer:
        first, second = (asyncio.create_task(classifier.ask(QUESTION)) for _ in range(2))
        await _until(lambda: bool(server.requests(settings.classifier_model or "")))
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await second

    answer = at_work(settings, playbook, scene)
    assert (answer.verdict, answer.prompt_tokens) == (MENTORSHIP, 700)


def test_a_cancelled_ask_leaves_nothing_running_and_the_next_is_asked_anew(
    server: LlmServer, playbook: Playbook
) -> None:
    settings = knobs(server.url, "stall,ok")

    async def scene(classifier: Classifier) -> Answer:
        asking = asyncio.create_task(classifier.ask(QUESTION))
        await _until(lambda: bool(server.requests(settings.classifier_model or "")))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        return await classifier.ask(QUESTION)

    assert at_work(settings, playbook, scene).outcome == "ok"


def test_closing_ends_what_is_under_way_and_what_comes_later(
    server: LlmServer, playbook: Playbook
) -> None:
    settings = knobs(server.url, "stall")

    async def scene(classifier: Classifier) -> list[str]:
        asking = asyncio.create_task(classifier.ask(QUESTION))
        await _until(lambda: bool(server.requests(settings.classifier_model or "")))
        await classifier.aclose()
        return [(await asking).outcome, (await classifier.ask(QUESTION)).outcome]

    assert at_work(settings, playbook, scene) == ["closed", "closed"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts sockets by /proc")
def test_closing_leaks_no_socket_and_no_warning(server: LlmServer, playbook: Playbook) -> None:
    async def scene(classifier: Classifier) -> int:
        for question in ("one", "two"):
            await classifier.ask(question)
        return _sockets()

    def round_of_all() -> list[int]:
        steps = ("ok", "stall", "drip", "half", "close", "500,ok")
        knobbed = [knobs(server.url, one, classifier_deadline_seconds=0.15) for one in steps]
        return [at_work(settings, playbook, scene) for settings in knobbed]

    gc.collect()  # what earlier tests left in a circle is not ours to count
    before = _sockets()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        while_open = round_of_all()
        gc.collect()
    assert while_open[0] > before
    assert _sockets() == before


def _sockets() -> int:
    """Sockets that this process holds now."""
    found = 0
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += str(link.readlink()).startswith("socket:")
    return found


def test_one_classifier_serves_one_loop_after_another(
    server: LlmServer, playbook: Playbook
) -> None:
    classifier = Classifier.from_settings(knobs(server.url, "ok"), playbook)
    assert classifier is not None

    async def scene(question: str) -> str:
        outcome = (await classifier.ask(question)).outcome
        desk = classifier._desk
        assert desk is not None
        await desk.aclose()
        return outcome

    assert [asyncio.run(scene(one)) for one in ("one", "two", "one")] == ["ok", "ok", "cached"]


async def _until(true: Callable[[], bool]) -> None:
    """Let the loop turn until `true()`; it asks the server, which takes its own while."""
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(true):
            pass
