"""Nobody reads the same words twice while there are others."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from tay_middleware.decide import Circumstances, decide, flips
from tay_middleware.decide.explain import SAME_WORDS
from tay_middleware.decide.templates import pick
from tay_middleware.domain import History, Kind, PastTurn, Reason, Strength, Suppression, Tier
from tay_middleware.playbook import Playbook, Template
from tests.builders import NOON, a_detection, a_past_turn, a_turn

PEOPLE = [f"user-{number}" for number in range(40)]


def picked(playbook: Playbook, who: str, shown: Sequence[str], **how: object) -> Template | None:
    return pick(
        playbook,
        "mentorship",
        Strength.STANDARD,
        Tier.FREE,
        who,
        shown=shown,
        **how,  # type: ignore[arg-type]  # by name
    )


def walk(playbook: Playbook, who: str, many: int, **how: object) -> list[str]:
    shown: list[str] = []
    for _ in range(many):
        template = picked(playbook, who, shown, **how)
        assert template is not None
        shown.append(template.id)
    return shown


@pytest.mark.parametrize("who", PEOPLE)
def test_every_wording_is_read_once_before_one_is_read_twice(playbook: Playbook, who: str) -> None:
    pool = playbook.pool("mentorship", Strength.STANDARD, Tier.FREE)
    shown = walk(playbook, who, 2 * len(pool))
    assert {*shown[: len(pool)]} == {template.id for template in pool}
    assert shown[len(pool) :] == shown[: len(pool)]


def test_the_first_wording_is_as_sticky_as_ever_and_the_walk_is_too(playbook: Playbook) -> None:
    assert [walk(playbook, who, 3) for who in PEOPLE] == [walk(playbook, who, 3) for who in PEOPLE]
    firsts = {walk(playbook, who, 1)[0] for who in PEOPLE}
    assert len(firsts) == len(playbook.pool("mentorship", Strength.STANDARD, Tier.FREE))


def test_nobody_moves_to_another_wording_with_a_release(playbook: Playbook) -> None:
    """What people were told by: a changed seed would deal every running test anew."""
    told = [[name.rpartition(".")[2] for name in walk(playbook, who, 2)] for who in PEOPLE[:5]]
    assert told == [["D", "C"], ["C", "D"], ["D", "C"], ["C", "B"], ["C", "D"]]


def test_an_arm_is_never_left(playbook: Playbook) -> None:
    arm = {"A", "B"}
    for who in PEOPLE:
        shown = walk(playbook, who, 6, among=arm)
        assert {name.rpartition(".")[2] for name in shown} == arm
        assert all(one != other for one, other in pairwise(shown))


def test_the_only_wording_of_an_arm_is_not_said_twice_running(playbook: Playbook) -> None:
    only = walk(playbook, "ada", 1, among={"A"})
    assert picked(playbook, "ada", only, among={"A"}) is None
    assert picked(playbook, "ada", [*only, "course.gentle.any.A"], among={"A"}) is not None


def test_a_paused_wording_is_passed_over(playbook: Playbook) -> None:
    pool = playbook.pool("mentorship", Strength.STANDARD, Tier.FREE)
    paused = {pool[0].id}
    for who in PEOPLE:
        assert {*walk(playbook, who, 6, paused=paused)} == {one.id for one in pool[1:]}


def a_reader_of(*templates: str, days_ago: float = 20) -> History:
    turns: list[PastTurn] = [
        replace(
            a_past_turn(ago=timedelta(days=days_ago - at), session="s0", kind=Kind.MENTION),
            offer="mentorship",
            template=template,
        )
        for at, template in enumerate(templates)
    ]
    return History(first_seen=turns[0].at, last_seen=NOON, turns=tuple(turns))


def test_history_says_what_she_has_read(playbook: Playbook) -> None:
    pool = [one.id for one in playbook.pool("mentorship", Strength.STANDARD, Tier.FREE)]
    history = a_reader_of(*pool[:-1])
    decision = decide(a_turn(), a_detection(), history, playbook, Circumstances())
    assert (decision.strength, decision.template) == (Strength.STANDARD, pool[-1])


def test_who_asks_to_buy_reads_the_last_wording_again(playbook: Playbook) -> None:
    pool = [one.id for one in playbook.pool("mentorship", Strength.DIRECT, Tier.FREE)]
    around = Circumstances(paused=frozenset(pool[1:]))
    wish = a_detection(purchase=True, reason=Reason.PURCHASE_INTENT)
    decision = decide(a_turn(), wish, a_reader_of(pool[0]), playbook, around)
    assert (decision.suppressed, decision.template) == (None, pool[0])


def test_where_nothing_else_is_left_it_waits(playbook: Playbook) -> None:
    pool = [one.id for one in playbook.pool("mentorship", Strength.STANDARD, Tier.FREE)]
    around = Circumstances(paused=frozenset(pool[1:]))
    just_read = a_reader_of(pool[0], days_ago=6.9)
    decision = decide(a_turn(), a_detection(), just_read, playbook, around)
    assert (decision.suppressed, decision.template) == (Suppression.COOLDOWN, None)
    assert f"held back: cooldown ({SAME_WORDS})" in decision.notes
    assert flips(decision, playbook) == (
        "it would show with another wording, or after the same_words_days of policy.yaml",
    )
    held_back = Circumstances(paused=frozenset(pool))
    decision = decide(a_turn(), a_detection(), a_reader_of(pool[0]), playbook, held_back)
    assert decision.suppressed is Suppression.PAUSED


def test_the_same_words_come_again_after_some_days(playbook: Playbook) -> None:
    """A test whose arms have one wording each must not silence whoever has read it."""
    pool = [one.id for one in playbook.pool("mentorship", Strength.STANDARD, Tier.FREE)]
    around = Circumstances(paused=frozenset(pool[1:]))
    reader = a_reader_of(pool[0], days_ago=7)
    decision = decide(a_turn(), a_detection(), reader, playbook, around)
    assert (decision.suppressed, decision.template) == (None, pool[0])
    policy = playbook.policy.model_copy(update={"same_words_days": 8})
    decision = decide(a_turn(), a_detection(), reader, replace(playbook, policy=policy), around)
    assert decision.suppressed is Suppression.COOLDOWN
