"""A conversation that lasts has visits: what held for the one before holds no longer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tay_middleware.decide import Circumstances
from tay_middleware.decide.case import Case
from tay_middleware.decide.policy import suppression
from tay_middleware.decide.strength import choose_strength
from tay_middleware.domain import History, Message, Strength, Suppression, Tier
from tay_middleware.playbook import Playbook
from tests.builders import a_detection, a_history, a_mention, a_past_turn, a_turn

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def strength(playbook: Playbook, history: History, session: str | None = "s1") -> Strength:
    turn = a_turn(tier=Tier.PREMIUM, session=session)
    return choose_strength(turn, a_detection(topic="pricing"), history, playbook.policy)[0]


def cause(
    playbook: Playbook, history: History, *said: str, session: str | None = "s1"
) -> Suppression | None:
    turn = replace(a_turn(session=session), transcript=tuple(Message("user", one) for one in said))
    around = Circumstances(earlier_gates=tuple(("refusal",) for _ in said))
    return suppression(Case(turn, a_detection(), history, playbook, around))


@pytest.mark.parametrize("session", ["s1", None])
@pytest.mark.parametrize(
    ("ago", "expected"), [(11 * HOUR, Strength.GENTLE), (12 * HOUR, Strength.STANDARD)]
)
def test_a_user_returns_to_a_conversation_that_lasts(
    playbook: Playbook, session: str | None, ago: timedelta, expected: Strength
) -> None:
    history = a_history(a_past_turn(ago=ago, session=session))
    assert strength(playbook, history, session) is expected


def test_a_visit_longer_than_history_does_not_hide_that_the_user_was_here_before(
    playbook: Playbook,
) -> None:
    here = a_history(*(a_past_turn(ago=n * HOUR) for n in (3, 2, 1)))
    returned = replace(here, first_seen=here.turns[0].at - 9 * DAY)
    still_here = replace(here, first_seen=here.turns[0].at - HOUR)
    assert strength(playbook, returned) is Strength.STANDARD
    assert strength(playbook, still_here) is Strength.GENTLE


@pytest.mark.parametrize("session", ["s1", "another", None])
def test_a_turn_that_failed_is_neither_a_visit_nor_a_repetition(
    playbook: Playbook, session: str | None
) -> None:
    failed = replace(a_past_turn(ago=DAY, session=session, topic="pricing"), failed=True)
    assert strength(playbook, a_history(failed)) is Strength.GENTLE
    assert strength(playbook, a_history(replace(failed, failed=False))) is Strength.DIRECT


@pytest.mark.parametrize("session", ["s1", None])
def test_a_mention_of_an_earlier_visit_asks_for_no_more_turns(
    playbook: Playbook, session: str | None
) -> None:
    mention = a_mention(ago=9 * DAY, session=session)
    since = (a_past_turn(ago=one, session=session) for one in (2 * HOUR, HOUR))
    assert cause(playbook, a_history(mention), session=session) is None
    assert cause(playbook, a_history(mention, *since), session=session) is None


def test_without_a_pause_the_turns_are_counted(playbook: Playbook) -> None:
    turns = (a_mention(ago=22 * HOUR), a_past_turn(ago=11 * HOUR))
    assert cause(playbook, a_history(*turns)) is Suppression.COOLDOWN


def test_a_no_holds_for_its_days_and_for_the_rest_of_its_visit(playbook: Playbook) -> None:
    def said(ago: timedelta, *turns: timedelta) -> History:
        past = (a_past_turn(ago=one) for one in turns)
        return a_history(*past, declined_ago=ago, declined_session="s1")

    short = playbook.policy.model_copy(update={"declined_days": 0.0})
    hasty = replace(playbook, policy=short)
    assert cause(playbook, said(13 * DAY)) is Suppression.DECLINED
    assert cause(playbook, said(20 * DAY)) is None
    assert cause(playbook, said(20 * DAY, HOUR)) is None
    assert cause(hasty, said(20 * HOUR, 20 * HOUR, 10 * HOUR)) is Suppression.DECLINED
    assert cause(hasty, said(20 * HOUR, 20 * HOUR)) is None


def test_a_no_of_an_earlier_visit_does_not_hold_because_its_message_comes_along(
    playbook: Playbook,
) -> None:
    no = a_past_turn(ago=20 * DAY, gates=("refusal",))
    history = replace(a_history(no), declined_at=no.at, declined_session="s1")
    assert cause(playbook, history, "no thanks") is None
    recent = replace(no, at=no.at + 20 * DAY - HOUR)
    assert cause(playbook, replace(history, turns=(recent,)), "no") is Suppression.DECLINED
    unknown = a_history(declined_ago=20 * DAY, declined_session="s1")
    assert cause(playbook, unknown, "no thanks") is Suppression.DECLINED
