from dataclasses import replace
from datetime import timedelta

import pytest

from tay_middleware.decide.earlier import closed_earlier
from tay_middleware.domain import History, Message, PastTurn, Turn
from tests.builders import NOON, a_history, a_past_turn, a_turn


def after(messages: int) -> Turn:
    """A turn with so many earlier messages of the user."""
    exchange = (Message("user", "and the lace?"), Message("assistant", "HD."))
    return a_turn(transcript=exchange * messages)


def turns(*gates: tuple[str, ...], session: str = "s1") -> tuple[PastTurn, ...]:
    return tuple(
        a_past_turn(gates=own, session=session, number=at) for at, own in enumerate(gates, 1)
    )


def test_what_the_whole_cascade_opened_again_stays_open() -> None:
    known = a_history(*turns((), ("perhaps_medical",), ("complaint",)))
    found = (("medical",), ("medical",), ("complaint", "distress"))
    assert closed_earlier(after(3), known, found) == ((), (), ("complaint",))


def test_a_window_of_a_longer_conversation_is_paired_from_the_latest_back() -> None:
    known = a_history(*turns((), ("refusal",), ("complaint",)))
    found = (("refusal",), ("medical",))
    assert closed_earlier(after(2), known, found) == (("refusal",), ())


@pytest.mark.parametrize(
    "history", [History(), a_history(*turns(())), a_history(*turns((), session="s0"))]
)
def test_messages_that_never_passed_through_us_count_as_they_are_found(history: History) -> None:
    found = (("distress",), ())
    assert closed_earlier(after(2), history, found) == found


def test_where_history_holds_no_more_the_oldest_count_as_they_are_found() -> None:
    known = a_history(*turns((), ()))
    cut_off = replace(known, first_seen=NOON - timedelta(days=2))
    found = (("medical",), ("medical",), ("medical",))
    assert closed_earlier(after(3), cut_off, found) == (("medical",), (), ())


def test_without_a_session_no_turn_is_known_to_belong_to_it() -> None:
    known = a_history(*(replace(one, session_id=None) for one in turns((), ())))
    found = (("distress",), ())
    assert closed_earlier(replace(after(2), session_id=None), known, found) == found


def test_without_a_transcript_there_is_nothing_to_pair() -> None:
    found = (("distress",),)
    assert closed_earlier(a_turn(), a_history(*turns(())), found) == found
