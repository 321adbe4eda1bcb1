from enum import Enum
from uuid import UUID, uuid4

import pytest

from tay_middleware.domain import Tier, Turn
from tay_middleware.engine.identity import make_turn
from tay_middleware.identities import user_key
from tests.builders import NOON, SECRET

FRESH = UUID(int=9)


Sold = Enum("Sold", {"COURSE": "course", "PREMIUM": "premium"}, type=str)
"""As apps and their ORMs name what they sell; `str` of a member is `Sold.COURSE`."""


def made(**values: object) -> Turn:
    return make_turn(question="q", at=NOON, secret=SECRET, fresh_id=FRESH, **values)  # type: ignore[arg-type]  # odd values are the point


def test_a_user_is_known_by_a_key_that_leads_back_to_nobody() -> None:
    turn = made(user_id="ada@example.com", session_id="s1")
    assert turn.user_id == "ada@example.com"
    assert turn.user_key == user_key(SECRET, "user:ada@example.com")
    assert "ada" not in (turn.user_key or "")


def test_a_session_has_a_key_too() -> None:
    assert made(user_id="u1", session_id=" s1 ").session_key == user_key(SECRET, "session:s1")
    assert made(user_id="u1").session_key is None


def test_without_a_user_the_session_stands_in() -> None:
    turn = made(session_id="s1")
    assert (turn.user_id, turn.user_key) == (None, user_key(SECRET, "session:s1"))


def test_a_user_named_like_a_session_is_somebody_else() -> None:
    assert made(user_id="s1").user_key != made(session_id="s1").user_key


def test_nobody_has_no_key() -> None:
    assert made(user_id="  ", session_id=None).user_key is None


@pytest.mark.parametrize(
    ("value", "tier"),
    [
        ("VIP ", Tier.VIP),
        (Tier.PREMIUM, Tier.PREMIUM),
        (Sold.PREMIUM, Tier.PREMIUM),
        ("gold", Tier.FREE),
        (None, Tier.FREE),
    ],
)
def test_an_unknown_tier_is_free(value: object, tier: Tier) -> None:
    assert made(tier=value).tier is tier


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("course", {"course"}),
        ("course, mentorship,", {"course", "mentorship"}),
        ("", set()),
        (["course", 3], {"course", "3"}),
        ([Sold.COURSE], {"course"}),
        ({Sold.COURSE}, {"course"}),
        (Sold.COURSE, {"course"}),
        (None, set()),
        (17, set()),
    ],
)
def test_owned_offers_may_come_in_any_shape(value: object, names: set[str]) -> None:
    assert made(owned_offers=value).owned_offers == frozenset(names)


def test_a_turn_id_may_be_a_uuid_its_text_or_any_text() -> None:
    given = uuid4()
    assert made(turn_id=given).turn_id == given
    assert made(turn_id=str(given)).turn_id == given
    assert made(turn_id="msg-1").turn_id == made(turn_id="msg-1").turn_id != FRESH


def test_a_text_for_a_turn_id_is_of_one_user_and_one_session() -> None:
    """Apps number the turns of a session: all of them have a turn 1."""
    people = [("ann", "s1"), ("bob", "s1"), ("ann", "s2"), ("ann", None), (None, "s1")]
    ids = {made(turn_id="1", user_id=user, session_id=session).turn_id for user, session in people}
    assert len(ids) == len(people)
    assert made(turn_id="1", user_id=" ann ", session_id="s1").turn_id in ids
    given = uuid4()
    assert made(turn_id=given, user_id="ann").turn_id == given


@pytest.mark.parametrize("user", [None, "ann"])
def test_without_a_session_a_text_for_a_turn_id_is_of_one_question(user: str | None) -> None:
    """Strangers all have a turn 1, and so have two conversations of one user."""

    def asked(question: str) -> UUID:
        return make_turn(
            question=question, at=NOON, secret=SECRET, fresh_id=FRESH, turn_id="1", user_id=user
        ).turn_id

    assert asked("how do i price?") == asked("how do i price?")
    assert asked("how do i price?") != asked("how do i pluck?")
    assert asked("a lone \ud800 surrogate") != asked("how do i price?")


def test_within_a_session_a_text_for_a_turn_id_holds_whatever_the_question() -> None:
    """An app that adds to the question when it asks again means the same turn."""
    first, again = (
        make_turn(
            question=question, at=NOON, secret=SECRET, fresh_id=FRESH, turn_id="1", session_id="s"
        ).turn_id
        for question in ("q", "q, please")
    )
    assert first == again


def test_a_seed_repeats_the_id_and_nothing_else_does() -> None:
    assert made(idempotency_seed="a").turn_id == made(idempotency_seed="a").turn_id
    assert made(idempotency_seed="a").turn_id != made(idempotency_seed="b").turn_id
    assert made().turn_id == FRESH


def test_an_endless_id_is_cut() -> None:
    assert len(made(user_id="x" * 10_000).user_id or "") == 256


def test_signals_that_are_no_mapping_are_left_out() -> None:
    assert dict(made(signals=["minor"]).signals) == {}
    assert dict(made(signals={"age_flag": "minor"}).signals) == {"age_flag": "minor"}


def test_a_signal_may_be_a_member_of_an_enum() -> None:
    """`Sold.COURSE` would be no value of `not_allowed`."""
    turn = made(signals={"age_flag": Sold.COURSE, "vertical": {Sold.PREMIUM}, "region": True})
    assert dict(turn.signals) == {"age_flag": "course", "vertical": ["premium"], "region": True}
