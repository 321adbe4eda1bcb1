"""Which mention gets the credit."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tay_middleware.payments.attribution import Buyer, Credit, Known, Touch, buyer_of, credit
from tay_middleware.payments.catalogue import Sold
from tay_middleware.payments.facts import Evidence, Fact, Said, Source
from tay_middleware.payments.money import Money
from tay_middleware.payments.purchases import Purchase, purchase_of
from tests.builders import NOON

DAY, WINDOW = timedelta(days=1), timedelta(days=14)


def bought(*evidence: Evidence, at: datetime = NOON) -> Purchase:
    return purchase_of(
        Fact(
            id=f"f{number}",
            provider="stripe",
            said=Said.PAID,
            at=at,
            keys=frozenset({"k"}),
            money=Money(4900, "usd"),
            source=Source.PAYMENT,
            evidence=one,
        )
        for number, one in enumerate(evidence or (Evidence(),))
    )


def shown(
    number: int,
    ago: timedelta,
    *,
    user: str | None = "ada",
    offer: str = "mentorship",
    clicked_ago: timedelta | None = None,
) -> Touch:
    return Touch(
        escalation_id=UUID(int=number),
        user_key=user,
        offer=offer,
        shown_at=NOON - ago,
        clicked_at=None if clicked_ago is None else NOON - clicked_ago,
        token=f"token {number}",
    )


ADA = Buyer(user_key="ada", method="metadata")


def given(
    *touches: Touch, offer: str | None = None, buyer: Buyer = ADA, sold: Sold | None = None
) -> Credit:
    sold = sold or (Sold(frozenset({offer}), known=True) if offer else Sold())
    return credit(bought(), buyer, touches, sold=sold, window=WINDOW)


def test_the_last_mention_in_the_window_gets_the_credit_and_the_first_is_remembered() -> None:
    found = given(shown(1, 3 * DAY), shown(2, DAY), shown(3, 15 * DAY))
    assert found == Credit("attributed", "mentorship", UUID(int=2), UUID(int=1))


def test_a_click_beats_a_later_view_and_a_click_after_the_purchase_does_not() -> None:
    found = given(shown(1, 3 * DAY, clicked_ago=2 * DAY), shown(2, DAY, clicked_ago=-DAY))
    assert found.escalation_id == UUID(int=1)


def test_a_mention_after_the_purchase_has_no_part_in_it() -> None:
    assert given(shown(1, -timedelta(minutes=2))).kind == "organic"
    assert given(shown(1, -timedelta(seconds=30))).kind == "attributed"


def test_another_offer_is_a_cross_sale_kept_apart() -> None:
    found = given(shown(1, DAY, offer="course"), offer="mentorship")
    assert found == Credit("cross_sale", "mentorship", cross_escalation_id=UUID(int=1))
    both = given(shown(1, DAY, offer="course"), shown(2, 9 * DAY), offer="mentorship")
    assert (both.kind, both.escalation_id) == ("attributed", UUID(int=2))


def test_who_was_shown_nothing_is_the_organic_baseline() -> None:
    assert given(offer="course") == Credit("organic", "course")
    assert given(buyer=Buyer()) == Credit("unmatched")
    assert given(buyer=Buyer(ambiguous=True)) == Credit("ambiguous")


def test_a_renewal_of_what_nobody_saw_begin_is_credited_to_no_mention() -> None:
    named = Buyer(user_key="ada", method="token", named=shown(1, DAY))
    earlier = replace(bought(), is_earlier=True)
    found = credit(earlier, named, [shown(1, DAY)], sold=Sold(), window=WINDOW)
    assert found == Credit("earlier")


def test_a_link_that_was_kept_for_long_still_names_its_mention() -> None:
    old = shown(1, 90 * DAY)
    named = Buyer(user_key="ada", method="token", named=old)
    assert given(shown(2, DAY), buyer=named).escalation_id == UUID(int=1)
    assert given(shown(2, DAY), buyer=named, offer="course").kind == "cross_sale"


def test_of_a_basket_the_offer_that_was_mentioned_is_sold() -> None:
    basket = Sold(frozenset({"course", "masterclass"}), known=True)
    found = given(shown(1, DAY, offer="masterclass"), sold=basket)
    assert (found.kind, found.offer) == ("attributed", "masterclass")
    assert given(shown(1, DAY), sold=basket) == Credit(
        "cross_sale", "course", cross_escalation_id=UUID(int=1)
    )


@pytest.mark.parametrize("other", [Sold(frozenset()), Sold(frozenset({"t-shirt"}))])
def test_what_the_catalogue_does_not_sell_is_credited_to_a_mention_that_led_there_alone(
    other: Sold,
) -> None:
    assert given(shown(1, DAY), sold=other).kind == "cross_sale"
    named = Buyer(user_key="ada", method="token", named=shown(1, DAY))
    assert given(shown(1, DAY), buyer=named, sold=other).kind == "attributed"


MENTION = shown(1, DAY)
KNOWN = Known(
    by_token={"token 1": MENTION},
    by_id={MENTION.escalation_id: MENTION, UUID(int=2): shown(2, DAY, user="bea")},
    users={"cleo"},
    customers={"cus": frozenset({"dora"}), "shared": frozenset({"dora", "eve"})},
    emails={"mail": frozenset({"fay"})},
)
EVERYTHING = Evidence(
    token="token 1",  # noqa: S106 - of a link
    reference_key="cleo",
    user_key="gil",
    customer="cus",
    email_key="mail",
)


@pytest.mark.parametrize(
    ("evidence", "user", "method"),
    [
        (EVERYTHING, "ada", "token"),
        (Evidence(user_key="gil", reference_key="cleo", customer="cus"), "gil", "metadata"),
        (Evidence(escalation_id=UUID(int=2)), "bea", "metadata"),
        (Evidence(reference_key="cleo", customer="cus"), "cleo", "reference"),
        (Evidence(reference_key="somebody", customer="cus", email_key="mail"), "dora", "customer"),
        (Evidence(customer="new", email_key="mail"), "fay", "email"),
        (Evidence(token="unknown"), None, None),  # noqa: S106 - of a link
    ],
)
def test_the_surest_evidence_says_who_bought(
    evidence: Evidence, user: str | None, method: str | None
) -> None:
    found = buyer_of(bought(evidence), KNOWN)
    assert (found.user_key, found.method, found.ambiguous) == (user, method, False)


def test_a_mention_to_nobody_contradicts_no_user() -> None:
    anonymous = replace(shown(3, DAY, user=None), token="token 3")  # noqa: S106 - of a link
    known = replace(KNOWN, by_id={UUID(int=3): anonymous}, by_token={"token 3": anonymous})
    for told in (
        (Evidence(user_key="gil", escalation_id=UUID(int=3)),),
        (Evidence(user_key="gil"), Evidence(metadata_token=anonymous.token)),
    ):
        found = buyer_of(bought(*told), known)
        assert (found.user_key, found.named, found.ambiguous) == ("gil", anonymous, False)
    alone = buyer_of(bought(Evidence(escalation_id=UUID(int=3))), known)
    assert (alone.user_key, alone.named, alone.ambiguous) == (None, anonymous, False)


def test_a_token_in_the_metadata_is_as_sure_as_the_metadata() -> None:
    told = Evidence(metadata_token="token 1")  # noqa: S106 - of a link
    assert buyer_of(bought(told), KNOWN).method == "metadata"
    assert buyer_of(bought(replace(told, user_key="gil")), KNOWN).ambiguous


def test_a_sale_that_an_admin_marked_is_the_payment_that_comes_after_it() -> None:
    early, late = shown(1, 3 * DAY), shown(2, DAY)
    marked = {early.escalation_id}
    found = credit(bought(), ADA, [early, late], sold=Sold(), window=WINDOW, marked=marked)
    assert found.escalation_id == early.escalation_id
    other = Sold(frozenset({"course"}), known=True)
    course = shown(3, 2 * DAY, offer="course")
    found = credit(bought(), ADA, [early, course], sold=other, window=WINDOW, marked=marked)
    assert found.escalation_id == course.escalation_id
    named = Buyer(user_key="ada", method="token", named=late)
    found = credit(bought(), named, [early, late], sold=Sold(), window=WINDOW, marked=marked)
    assert found.escalation_id == late.escalation_id


@pytest.mark.parametrize(
    "evidence",
    [
        (Evidence(customer="shared"),),
        (Evidence(user_key="gil"), Evidence(user_key="hal")),
        (Evidence(user_key="gil", escalation_id=UUID(int=2)),),
    ],
)
def test_two_answers_are_none_until_a_person_gives_one(evidence: Any) -> None:
    assert buyer_of(bought(*evidence), KNOWN).ambiguous
    hand = Evidence(user_key="ida", by_hand=True)
    found = buyer_of(bought(*evidence, hand), KNOWN)
    assert (found.user_key, found.method) == ("ida", "by_hand")
