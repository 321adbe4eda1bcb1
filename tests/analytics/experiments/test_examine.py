from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, update

from tay_middleware.analytics.experiments import Call, State, Verdict, examine
from tay_middleware.playbook import Experiments, Playbook
from tay_middleware.storage import Database
from tay_middleware.storage.desk.pauses import Subject, lift, pause
from tay_middleware.storage.payments.tables import conversions
from tay_middleware.storage.sql import escalation_logs
from tests.analytics.experiments.rows import DAY, NOBODY, buy, expose, expose_many
from tests.builders import NOON
from tests.storage.records import a_record

LATER = NOON + 20 * DAY


def with_test(playbook: Playbook, *, holdout: float = 0.0, **more: Any) -> Playbook:
    one = {
        "asks": "Which is better?",
        "kind": "template",
        "layer": "only",
        "start": "2026-01-01",
        "control": "A",
        "arms": {"A": {"use": ["A"]}, "B": {"use": ["B"]}},
        **more,
    }
    found = {"layers": {"only": {"seed": "s"}}, "experiments": {"test": one}}
    policy = playbook.policy.model_copy(
        update={"holdout": playbook.policy.holdout.model_copy(update={"share": holdout})}
    )
    return replace(playbook, experiments=Experiments.model_validate(found), policy=policy)


def verdict_on(
    play: Any,
    playbook: Playbook,
    write: Callable[[Connection], None],
    *,
    only: str = "test",
    now: Any = LATER,
) -> Verdict:
    async def scene(database: Database) -> Verdict:
        await database.write(write)
        (found,) = await examine(database, playbook, now=now, only=only)
        return found

    verdict: Verdict = play(scene)
    return verdict


def counts(verdict: Verdict) -> dict[str, tuple[int, int, int]]:
    return {arm.name: (arm.users, arm.matured, arm.conversions) for arm in verdict.arms}


def test_users_count_once_from_their_first_exposure_and_buy_within_their_window(
    play: Any, playbook: Playbook
) -> None:
    def write(connection: Connection) -> None:
        expose(connection, "early", "A", at=NOON)
        expose(connection, "early", "A", at=NOON + 3 * DAY)
        buy(connection, "early", at=NOON + 13 * DAY)
        buy(connection, "early", at=NOON + 2 * DAY, number=1)
        expose(connection, "before", "A")
        buy(connection, "before", at=NOON - DAY)
        expose(connection, "late", "B")
        buy(connection, "late", at=NOON + 15 * DAY)
        expose(connection, "refunded", "B")
        buy(connection, "refunded", counts=False)
        expose(connection, "young", "B", at=NOON + 10 * DAY)
        buy(connection, "young", at=NOON + 11 * DAY)
        expose(connection, "to come", "B", at=LATER + DAY)
        expose(connection, "elsewhere", "B", experiment="another")

    verdict = verdict_on(play, with_test(playbook), write)
    assert counts(verdict) == {"A": (2, 2, 1), "B": (3, 2, 0)}
    assert verdict.arms[0].revenue == {"eur": 40_000}
    assert "still within the 14 days: 1 user" in verdict.notes


def test_who_was_in_two_arms_is_left_out_and_counted(play: Any, playbook: Playbook) -> None:
    def write(connection: Connection) -> None:
        expose(connection, "one", "A")
        expose(connection, "both", "A")
        expose(connection, "both", "B", at=NOON + DAY, version="v2")
        buy(connection, "both")

    verdict = verdict_on(play, with_test(playbook), write)
    assert counts(verdict) == {"A": (1, 1, 0), "B": (0, 0, 0)}
    assert verdict.health.crossed == 1
    assert "in two arms, and left out: 1 user" in verdict.notes


def test_many_in_two_arms_make_it_unhealthy(play: Any, playbook: Playbook) -> None:
    def write(connection: Connection) -> None:
        expose_many(connection, "A", range(100), buyers=10)
        expose_many(connection, "B", range(100), buyers=50)
        for number in range(20):
            expose(connection, f"x{number}", "A")
            expose(connection, f"x{number}", "B", version="v2")

    verdict = verdict_on(play, with_test(playbook), write)
    assert (verdict.call, verdict.words) == (Call.UNHEALTHY, "unhealthy: do not read")
    assert verdict.health.problems == (
        "20 of 220 users were in two arms: were the weights changed?",
    )


def test_a_purchase_of_something_else_counts_where_anything_counts(
    play: Any, playbook: Playbook
) -> None:
    def write(connection: Connection) -> None:
        expose(connection, "one", "A")
        buy(connection, "one", offer="course")

    wanted = with_test(playbook, counts="offer", scope={"offer": "mentorship"})
    assert counts(verdict_on(play, wanted, write))["A"] == (1, 1, 0)

    async def again(database: Database) -> Verdict:
        return (await examine(database, with_test(playbook), now=LATER))[0]

    assert counts(play(again))["A"] == (1, 1, 1)


def test_no_purchase_and_nothing_but_purchases_have_round_intervals(
    play: Any, playbook: Playbook
) -> None:
    def write(connection: Connection) -> None:
        expose_many(connection, "A", range(7), buyers=0)
        expose_many(connection, "B", range(7), buyers=7)

    none, every = verdict_on(play, with_test(playbook), write).arms
    assert none.interval is not None
    assert every.interval is not None
    assert (none.interval.low, every.interval.high) == (0.0, 1.0)


def test_a_better_arm_is_shipped_and_a_worse_one_is_not(play: Any, playbook: Playbook) -> None:
    def write(connection: Connection) -> None:
        expose_many(connection, "A", range(600), buyers=30)
        expose_many(connection, "B", range(600), buyers=120)

    verdict = verdict_on(play, with_test(playbook), write)
    assert (verdict.call, verdict.ship, verdict.words) == (Call.SHIP, "B", "ship B")
    (found,) = verdict.comparisons
    assert found.difference == pytest.approx(0.15)
    assert 0 < found.interval.low < 0.15 < found.interval.high
    assert found.chance_to_beat > 0.999
    swapped = with_test(playbook, control="B")

    async def again(database: Database) -> Verdict:
        return (await examine(database, swapped, now=LATER))[0]

    assert play(again).ship == "B", "the control is kept"


def test_each_version_of_the_playbook_is_a_stratum(play: Any, playbook: Playbook) -> None:
    """In each version the arms are alike; taken together, B would look three times as good."""

    def write(connection: Connection) -> None:
        expose_many(connection, "A", range(900), buyers=18, version="v1", chance=0.9)
        expose_many(connection, "B", range(100), buyers=2, version="v1", chance=0.1)
        expose_many(connection, "A", range(1000, 1100), buyers=20, version="v2", chance=0.1)
        expose_many(connection, "B", range(1000, 1900), buyers=180, version="v2", chance=0.9)

    verdict = verdict_on(play, with_test(playbook), write)
    assert {one.playbook_version: dict(one.matured) for one in verdict.strata} == {
        "v1": {"A": 900, "B": 100},
        "v2": {"A": 100, "B": 900},
    }
    assert [arm.rate for arm in verdict.arms] == [pytest.approx(0.038), pytest.approx(0.182)]
    (found,) = verdict.comparisons
    assert found.difference == pytest.approx(0, abs=1e-9)
    assert found.chance_to_beat == pytest.approx(0.5, abs=0.02)
    assert found.lift == pytest.approx(0, abs=1e-9)
    assert verdict.health.is_sound
    assert verdict.call is Call.KEEP_COLLECTING
    assert "the playbook changed: 2 versions, each a stratum of its own" in verdict.notes


def test_arms_of_other_sizes_than_planned_block_the_verdict(play: Any, playbook: Playbook) -> None:
    def write(connection: Connection) -> None:
        expose_many(connection, "A", range(600), buyers=30)
        expose_many(connection, "B", range(400), buyers=80)

    verdict = verdict_on(play, with_test(playbook), write)
    assert verdict.call is Call.UNHEALTHY
    assert verdict.health.sample_ratio < 0.001
    assert "other sizes than planned" in verdict.health.problems[0]


def test_an_arm_that_gets_nobody_is_noticed(play: Any, playbook: Playbook) -> None:
    verdict = verdict_on(
        play, with_test(playbook), lambda c: expose_many(c, "A", range(100), buyers=0)
    )
    assert verdict.call is Call.UNHEALTHY


def test_the_holdout_says_what_the_mentions_brought(play: Any, playbook: Playbook) -> None:
    def write(connection: Connection) -> None:
        shares = {"experiment": "holdout"}
        expose_many(connection, "holdout", range(400), buyers=8, chance=0.2, **shares)
        expose_many(connection, "shown", range(1600), buyers=160, chance=0.8, **shares)

    verdict = verdict_on(play, with_test(playbook, holdout=0.2), write, only="holdout")
    assert (verdict.kind, verdict.call, verdict.ship) == ("holdout", Call.SHIP, "shown")
    assert verdict.words == "ship the mentions: they sell what would not be sold without them"
    purchases, euros = verdict.increments
    assert (purchases.currency, euros.currency) == (None, "eur")
    assert purchases.amount == pytest.approx(0.08 * 1600)
    assert purchases.interval.low < 128 < purchases.interval.high
    assert euros.amount == pytest.approx(0.08 * 20_000 * 1600)


def test_a_holdout_that_was_made_smaller_starts_anew(play: Any, playbook: Playbook) -> None:
    def write(connection: Connection) -> None:
        for number in range(50):
            more: dict[str, Any] = {"experiment": "holdout", "version": "old"}
            expose(connection, f"u{number}", "holdout", chance=0.2, **more)
            more = {"experiment": "holdout", "version": "new"}
            expose(connection, f"u{number}", "shown", chance=0.9, at=NOON + DAY, **more)
        for number in range(6):
            expose(connection, f"h{number}", "holdout", experiment="holdout", chance=0.1)

    verdict = verdict_on(play, with_test(playbook, holdout=0.1), write, only="holdout")
    assert counts(verdict) == {"holdout": (6, 6, 0), "shown": (50, 50, 0)}
    assert verdict.health.is_sound


def test_a_mention_that_was_marked_by_hand_counts_but_never_beside_silence(
    play: Any, playbook: Playbook
) -> None:
    record = a_record()
    user = record.turn.user_key or ""

    def write(connection: Connection) -> None:
        from tay_middleware.storage.sql import escalation_row, question_row  # noqa: PLC0415 - of this test

        connection.execute(escalation_logs.insert(), [escalation_row(question_row(record))])
        connection.execute(update(escalation_logs).values(converted=True, converted_at=NOON + DAY))
        expose(connection, user, "A")
        expose(connection, user, "shown", experiment="holdout", chance=0.8)

    tested = with_test(playbook, holdout=0.2)
    assert counts(verdict_on(play, tested, write))["A"] == (1, 1, 1)

    async def again(database: Database) -> Verdict:
        return (await examine(database, tested, now=LATER, only="holdout"))[0]

    verdict = play(again)
    assert counts(verdict)["shown"] == (1, 1, 0)
    assert any("marked by hand" in note for note in verdict.notes)
    silent: dict[str, Any] = {"kind": "threshold", "arms": {"A": {}, "B": {"confidence": 0.9}}}

    async def of_silence(database: Database) -> Verdict:
        return (await examine(database, with_test(playbook, **silent), now=LATER))[0]

    assert counts(play(of_silence))["A"] == (1, 1, 0)


def test_it_says_how_long_there_is_to_go(play: Any, playbook: Playbook) -> None:
    def write(connection: Connection) -> None:
        for number in range(400):
            at = NOON + timedelta(hours=number % 240)
            expose(connection, f"u{number}", "AB"[number % 2], at=at)

    now = NOON + 10 * DAY
    verdict = verdict_on(play, with_test(playbook), write, now=now)
    assert verdict.planned == 5_622
    left = (5_622 - 400) / 40 + 14
    assert verdict.days_left == pytest.approx(left, abs=1)
    assert verdict.words == f"keep collecting, about {verdict.days_left} days left"


@pytest.mark.parametrize(
    ("days", "state", "words"),
    [
        ({"start": None}, State.DRAFT, "a draft: write its first day into experiments.yaml"),
        ({"start": "2027-01-01"}, State.PLANNED, "starts on 2027-01-01"),
        (
            {"start": "2026-01-01", "stop": "2026-03-10"},
            State.STOPPED,
            "stopped before there was an answer",
        ),
    ],
)
def test_an_experiment_says_where_in_its_life_it_is(
    play: Any, playbook: Playbook, days: dict[str, Any], state: State, words: str
) -> None:
    verdict = verdict_on(play, with_test(playbook, **days), lambda _: None)
    assert (verdict.state, verdict.words, verdict.days_left) == (state, words, None)


def test_a_paused_wording_makes_its_experiment_unreadable(play: Any, playbook: Playbook) -> None:
    name = "mentorship.gentle.any.B"

    def write(connection: Connection) -> None:
        pause(
            connection,
            pause_id=NOBODY,
            subject=Subject.TEMPLATE,
            name=name,
            now=NOON,
            by="me",
            reason="odd",
            figures={},
        )

    scope = {"offer": "mentorship", "strength": "gentle", "tier": "any"}
    tested = with_test(playbook, scope=scope)
    verdict = verdict_on(play, tested, write)
    assert verdict.health.problems == (f"arm B is paused: {name}",)
    ended = verdict_on(play, with_test(playbook, scope=scope, stop="2026-03-10"), lambda _: None)
    assert ended.state is State.STOPPED
    assert ended.health.is_sound, "what is paused today says nothing of a test that has ended"

    async def again(database: Database) -> Verdict:
        await database.write(lift, name, NOON, by="me", note=None)
        return (await examine(database, tested, now=LATER))[0]

    assert play(again).health.is_sound


def test_what_came_after_the_moment_changes_nothing(play: Any, playbook: Playbook) -> None:
    def write(connection: Connection) -> None:
        expose_many(connection, "A", range(50), buyers=6)
        expose_many(connection, "B", range(50), buyers=9)

    first = verdict_on(play, with_test(playbook), write)

    def more(connection: Connection) -> None:
        connection.execute(delete(conversions).where(conversions.c.begun_at > LATER))
        expose_many(connection, "A", range(100, 150), buyers=50, at=LATER + DAY)

    assert verdict_on(play, with_test(playbook), more) == first
