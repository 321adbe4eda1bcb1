"""The parts that spare asking or ask again: breaker, memory, flights, dialects, tries."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.decide.classify.breaker import Breaker
from tay_middleware.decide.classify.dialect import Dialect
from tay_middleware.decide.classify.flights import Flights
from tay_middleware.decide.classify.outcome import CallFailed, Outcome
from tay_middleware.decide.classify.remembered import Remembered
from tay_middleware.decide.classify.tries import MOST_TRIES, with_tries
from tay_middleware.decide.model_answer import Answer, Verdict
from tests.decide.asked import Clock

NOTHING = Verdict(None, None)


def failing(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        assert breaker.enter()
        breaker.failed()


def test_the_breaker_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(3, 30.0, Clock())
    failing(breaker, 2)
    assert breaker.enter()
    breaker.succeeded()
    failing(breaker, 2)
    assert breaker.state == "closed"
    failing(breaker, 1)
    assert (breaker.state, breaker.enter()) == ("open", False)


def test_a_half_open_breaker_lets_one_through_at_a_time() -> None:
    clock = Clock()
    breaker = Breaker(1, 30.0, clock)
    failing(breaker, 1)
    clock.now += 30
    assert (breaker.state, breaker.enter(), breaker.enter()) == ("half_open", True, False)
    breaker.let_go()
    assert breaker.enter()
    breaker.failed()
    assert breaker.state == "open"
    clock.now += 30
    assert breaker.enter()
    breaker.succeeded()
    assert (breaker.state, breaker.enter(), breaker.enter()) == ("closed", True, True)


@pytest.mark.parametrize(
    ("asked_for", "shut_at", "open_at"), [(5.0, 4.9, 5.1), (9_999.0, 599.0, 601.0)]
)
def test_a_server_that_asks_to_be_left_alone_is(
    asked_for: float, shut_at: float, open_at: float
) -> None:
    clock = Clock()
    breaker = Breaker(5, 30.0, clock)
    assert breaker.failed(pause_seconds=asked_for)
    clock.now += shut_at
    assert not breaker.admits
    clock.now += open_at - shut_at
    assert breaker.admits


def test_what_will_not_heal_opens_the_breaker_at_once() -> None:
    breaker = Breaker(5, 30.0, Clock())
    assert breaker.failed(at_once=True)
    assert breaker.state == "open"


@given(st.lists(st.sampled_from(["enter", "fail", "succeed", "let go", "wait"]), max_size=60))
def test_the_breaker_always_lets_somebody_through_again(events: list[str]) -> None:
    clock = Clock()
    breaker = Breaker(2, 30.0, clock)
    inside = 0
    for event in events:
        if event == "wait":
            clock.now += 31
        elif event == "enter":
            inside += breaker.enter()
        elif inside:
            inside -= 1
            ends: dict[str, Callable[[], object]] = {
                "fail": breaker.failed,
                "succeed": breaker.succeeded,
                "let go": breaker.let_go,
            }
            ends[event]()
    while inside:
        inside -= 1
        breaker.let_go()
    clock.now += 601
    assert breaker.admits


@given(st.lists(st.integers(0, 9)), st.integers(0, 5))
def test_memory_holds_what_was_used_last(keys: list[int], size: int) -> None:
    remembered = Remembered(size)
    for key in keys:
        if remembered.get(bytes([key])) is None:
            remembered.put(bytes([key]), NOTHING)
    latest = list(dict.fromkeys(reversed(keys)))[:size]
    assert len(remembered) == len(latest)
    assert all(remembered.get(bytes([key])) for key in latest)


def test_an_ask_outlives_all_but_its_last_asker() -> None:
    async def scene() -> tuple[list[bool], bool]:
        flights, go_on, stopped = Flights(), asyncio.Event(), asyncio.Event()

        async def start() -> Answer:
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                stopped.set()
                raise
            return Answer(NOTHING, Outcome.OK, 0.0)

        askers = [asyncio.create_task(flights.join(b"k", start)) for _ in range(3)]
        await asyncio.sleep(0)
        askers[0].cancel()
        await asyncio.sleep(0)
        go_on.set()
        paid = [(await asker)[1] for asker in askers[1:]]
        go_on.clear()
        last = asyncio.create_task(flights.join(b"k", start))
        await asyncio.sleep(0)
        last.cancel()
        await asyncio.wait({last})
        await flights.aclose()
        return paid, stopped.is_set()

    assert asyncio.run(scene()) == ([True, False], True)


@given(st.lists(st.sets(st.sampled_from(["temperature", "max_tokens", "max_completion_tokens"]))))
def test_asking_simpler_always_ends(complaints: list[set[str]]) -> None:
    dialect: Dialect | None = Dialect()
    steps = 0
    stream = iter(complaints)
    while dialect is not None:
        about = frozenset(next(stream, set()))
        dialect = dialect.simpler(CallFailed(Outcome.HTTP_ERROR, status=400, about=about))
        steps += 1
    assert steps <= 6


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, None])
def test_only_an_objection_makes_asking_simpler(status: int | None) -> None:
    assert Dialect().simpler(CallFailed(Outcome.HTTP_ERROR, status=status)) is None


def test_an_objection_to_the_text_does_not_make_asking_simpler() -> None:
    failed = CallFailed(Outcome.HTTP_ERROR, status=400, code="context_length_exceeded")
    assert Dialect().simpler(failed) is None


def tried(failures: list[CallFailed], seconds_left: float, randomness: float = 0.0) -> int:
    """How many tries were made before the last failure came out."""
    tries = 0

    async def call() -> None:
        nonlocal tries
        tries += 1
        raise failures[min(tries, len(failures)) - 1]

    with pytest.raises(CallFailed):
        asyncio.run(with_tries(call, seconds_left, lambda: randomness))
    return tries


def test_tries_are_counted() -> None:
    assert tried([CallFailed(Outcome.CONNECTION, heals=True)], 60.0) == MOST_TRIES
    assert tried([CallFailed(Outcome.REFUSAL)], 60.0) == 1


def test_no_pause_is_begun_that_ends_after_the_deadline() -> None:
    patient = CallFailed(Outcome.RATE_LIMITED, heals=True, retry_after_seconds=61.0)
    assert tried([patient], 60.0) == 1
    assert tried([CallFailed(Outcome.CONNECTION, heals=True)], 0.1, randomness=0.99) == 1
    assert tried([CallFailed(Outcome.CONNECTION, heals=True)], 0.0) == 1


def test_what_does_not_heal_ends_the_tries() -> None:
    failures = [CallFailed(Outcome.CONNECTION, heals=True), CallFailed(Outcome.QUOTA)]
    assert tried(failures, 60.0) == 2
