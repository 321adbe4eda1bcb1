from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.analytics.tuning.cases import ALWAYS, Case, Fate, Knob
from tay_middleware.analytics.tuning.gather import Log
from tay_middleware.analytics.tuning.replay import Passing, Replay
from tay_middleware.decide import Circumstances, ReplyFacts
from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import Mode
from tay_middleware.playbook import Playbook
from tay_middleware.storage.turns.spacing import turns_passed
from tay_middleware.visits import visit_began
from tests.builders import NOON
from tests.uncounted import at_scale

from .world import DAY, MINUTE, World, in_world

pytestmark = pytest.mark.scale

EVERYTHING = Passing(1.0, 1.0)


def replayed(log: Log, playbook: Playbook, threshold: float) -> set[UUID]:
    replay = Replay(log.cases, playbook.policy, log.passing)
    return {log.cases[at].id for at in replay.shown(threshold)}


def logged(log: Log) -> set[UUID]:
    return {case.id for case in log.cases if case.counts and case.shown}


@at_scale
def test_at_the_threshold_in_force_the_replay_is_the_log(
    tmp_path: Path, playbook: Playbook
) -> None:
    async def play(world: World) -> None:
        await world.traffic(users=40, days=20)
        log = await world.log()
        assert len(log.cases) > 600
        assert 30 < len(logged(log)) < len(log.cases) / 4
        assert replayed(log, world.playbook, 0.3) == logged(log)
        half = await world.log(since=NOON + 9 * DAY)
        assert 0 < len(logged(half)) < len(logged(log))
        assert replayed(half, world.playbook, 0.3) == logged(half)

    in_world(tmp_path, playbook, play)


@at_scale
def test_what_another_threshold_would_have_shown_is_what_the_replay_says(
    tmp_path: Path, playbook: Playbook
) -> None:
    """The same people, once under each threshold: the replay of one is the log of the other."""

    async def play(world: World) -> Log:
        await world.traffic(users=25, days=14)
        return await world.log()

    for number, (live, other) in enumerate([(0.3, 0.45), (0.3, 0.2), (0.5, 0.3)]):
        places = [tmp_path / f"{number}-{one}" for one in (live, other)]
        for place in places:
            place.mkdir()
        log = in_world(places[0], playbook, play, threshold=live)
        truth = in_world(places[1], playbook, play, threshold=other)
        assert replayed(log, playbook, other) == logged(truth)


def test_what_held_a_mention_back_goes_on_holding_it_back(
    tmp_path: Path, playbook: Playbook
) -> None:
    async def play(world: World) -> Log:
        spanish = Circumstances(reply=ReplyFacts(in_language=False))
        shadow = Circumstances(mode=Mode.SHADOW)
        named = Circumstances(reply=ReplyFacts(names=frozenset({"mentorship"})))
        tools = Circumstances(reply=ReplyFacts(obstacle=Obstacle.TOOL_CALLS))
        for number, around in enumerate([spanish, shadow, named, tools, None]):
            await world.ask(f"u{number}", "s", 0.9, around=around, at=NOON + number * MINUTE)
        return await world.log()

    log = in_world(tmp_path, playbook, play)
    fates = [case.fate for case in log.cases]
    assert fates == [Fate.HELD, Fate.HELD, Fate.HELD_LATER, Fate.HELD_LATER, Fate.PASSES]
    assert replayed(log, playbook, 0.1) == logged(log) == {log.cases[4].id}


def test_a_wish_to_buy_is_answered_at_any_threshold_and_in_any_cool_down(
    tmp_path: Path, playbook: Playbook
) -> None:
    async def play(world: World) -> Log:
        await world.ask("ada", "s", 0.9)
        await world.ask("ada", "s", 0.5, at=NOON + MINUTE, purchase=True)
        return await world.log()

    log = in_world(tmp_path, playbook, play)
    assert [case.score for case in log.cases] == [0.9, ALWAYS]
    assert replayed(log, playbook, 0.3) == logged(log) == {case.id for case in log.cases}
    assert replayed(log, playbook, 0.95) == {log.cases[1].id}


def test_the_holdout_stays_silent_at_any_threshold(tmp_path: Path, playbook: Playbook) -> None:
    async def play(world: World) -> Log:
        for number in range(60):
            at = NOON + number * MINUTE
            await world.ask(f"u{number}", "s", 0.9 if number % 2 else 0.2, at=at)
        return await world.log()

    log = in_world(tmp_path, playbook, play, holdout=0.5)
    held = {case.id for case in log.cases if case.fate is Fate.HOLDOUT}
    assert 10 < len(held) < 50
    policy = playbook.policy.model_copy(
        update={"holdout": playbook.policy.holdout.model_copy(update={"share": 0.5})}
    )
    shown = Replay(log.cases, policy, EVERYTHING).shown(0.1)
    assert {log.cases[at].id for at in shown} == {case.id for case in log.cases} - held


def test_a_mention_that_falls_away_lets_a_later_one_through(
    tmp_path: Path, playbook: Playbook
) -> None:
    async def play(world: World) -> Log:
        await world.ask("ada", "s", 0.4)
        await world.ask("ada", "s", 0.9, at=NOON + MINUTE)
        return await world.log()

    log = in_world(tmp_path, playbook, play)
    first, second = (case.id for case in log.cases)
    assert replayed(log, playbook, 0.3) == {first}
    assert replayed(log, playbook, 0.5) == {second}


# The cool-down against its own words: the store's count of turns, and caps counted one by one.

turns = st.lists(
    st.tuples(
        st.integers(0, 2),  # user
        st.integers(0, 2),  # session
        st.one_of(st.integers(1, 900), st.integers(1, 90_000)),  # seconds since the turn before
        st.integers(0, 90),  # seconds until its reply is complete
        st.sampled_from([0.1, 0.3, 0.5, 0.9, ALWAYS]),
    ),
    max_size=40,
)


def a_case(number: int, turn: tuple[int, int, int, int, float], asked: float) -> Case:
    user, session, _, takes, score = turn
    return Case(
        id=UUID(int=number),
        user=f"u{user}",
        session=f"s{session}",
        asked=asked,
        answered=asked + takes,
        score=score,
        fate=Fate.PASSES,
        lifts=score == ALWAYS,
        detected=True,
        shown=True,
        knob=Knob.SCORER,
    )


def naive(cases: Sequence[Case], threshold: float, playbook: Playbook) -> list[int]:
    """Turn by turn, as the store grants."""
    cooldown, shown = playbook.policy.cooldown, list[int]()
    for at, case in enumerate(cases):
        if case.score < threshold:
            continue
        mine = [cases[one] for one in shown if cases[one].user == case.user]
        session = [one for one in mine if one.session == case.session]
        cooled = any(
            sum(one.asked > case.asked - cap.hours * 3600 for one in mine) >= cap.most
            for cap in cooldown.caps
        )
        if session and not case.lifts:
            spans = [
                (when(one.asked), when(one.answered))
                for one in cases
                if (one.user, one.session) == (case.user, case.session)
            ]
            last = max(session, key=lambda one: one.answered)
            pause = timedelta(hours=playbook.policy.visit_pause_hours)
            began = visit_began(when(case.asked), [begun for begun, _ in spans], pause)
            passed = turns_passed(when(last.answered), spans, when(case.asked))
            soon = when(last.asked) >= began and passed < cooldown.session_turns
            cooled = cooled or soon
        if case.lifts or not cooled:
            shown.append(at)
    return shown


def when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@given(turns=turns, threshold=st.sampled_from([0.0, 0.2, 0.5, 1.0]))
def test_the_replayed_cool_down_is_the_stores(
    playbook: Playbook, turns: list[tuple[int, int, int, int, float]], threshold: float
) -> None:
    cases, asked = [], NOON.timestamp()
    for number, turn in enumerate(turns):
        asked += timedelta(seconds=turn[2]).total_seconds()
        cases.append(a_case(number, turn, asked))
    replay = Replay(cases, playbook.policy, EVERYTHING)
    assert replay.shown(threshold) == naive(cases, threshold, playbook)


@given(turns=turns, low=st.floats(0, 1), high=st.floats(0, 1))
def test_nothing_escalates_above_its_score(
    playbook: Playbook,
    turns: list[tuple[int, int, int, int, float]],
    low: float,
    high: float,
) -> None:
    cases = [a_case(at, turn, NOON.timestamp() + 100_000 * at) for at, turn in enumerate(turns)]
    replay = Replay(cases, playbook.policy, EVERYTHING)
    for threshold in (low, high):
        assert all(cases[at].score >= threshold for at in replay.shown(threshold))
