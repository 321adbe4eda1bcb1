"""What a purchase is follows from the set of its facts: 10 x 250 shuffles with duplicates."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tay_middleware.payments import shopify
from tay_middleware.payments.facts import Fact, from_row, to_row
from tay_middleware.payments.money import Money
from tay_middleware.payments.providers import PROVIDERS
from tay_middleware.payments.purchases import Purchase, components, left_out, purchase_of
from tay_middleware.payments.reading import Part
from tests.builders import NOON
from tests.payments import deliveries as d

STORIES: dict[str, tuple[dict[str, Any], ...]] = {
    "one-time": d.ONE_TIME,
    "subscription": d.SUBSCRIPTION,
    "async": d.ASYNC,
    "async failed": d.ASYNC_FAILED,
    "partial refunds": d.REFUNDS,
    "full refund": d.WHOLLY_REFUNDED,
    "failed refund": d.REFUND_FAILED,
    "dispute lost": d.LOST,
    "dispute won": d.WON,
    "renewals alone": d.SUBSCRIPTION[4:],
}


def made(events: tuple[dict[str, Any], ...]) -> Purchase:
    return purchase_of(d.facts(*events))


def figures(purchase: Purchase) -> tuple[Any, ...]:
    first = purchase.first
    amounts = (first.amount, first.refunded, first.lost, first.net) if first else (0, 0, 0, 0)
    return (purchase.status, purchase.counts, *amounts, purchase.lifetime, purchase.payments)


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("one-time", ("paid", True, 4900, 0, 0, 4900, 4900, 1)),
        ("subscription", ("paid", True, 2000, 0, 0, 2000, 3500, 2)),
        ("async", ("paid", True, 4900, 0, 0, 4900, 4900, 1)),
        ("async failed", ("failed", False, 0, 0, 0, 0, 0, 0)),
        ("partial refunds", ("partially_refunded", True, 4900, 1900, 0, 3000, 3000, 1)),
        ("full refund", ("refunded", False, 4900, 4900, 0, 0, 0, 1)),
        ("failed refund", ("paid", True, 4900, 0, 0, 4900, 4900, 1)),
        ("dispute lost", ("dispute_lost", False, 4900, 0, 4900, 0, 0, 1)),
        ("dispute won", ("paid", True, 4900, 0, 0, 4900, 4900, 1)),
        ("renewals alone", ("partially_refunded", False, 2000, 500, 0, 1500, 1500, 1)),
    ],
)
def test_each_story_comes_to_its_figures(story: str, expected: tuple[Any, ...]) -> None:
    assert figures(made(STORIES[story])) == expected


@pytest.mark.parametrize("story", STORIES)
def test_order_and_repetition_say_nothing(story: str) -> None:
    facts = d.facts(*STORIES[story])
    whole = purchase_of(facts)
    random = Random(story)
    for _ in range(250):
        shuffled = facts + random.choices(facts, k=random.randrange(4))
        random.shuffle(shuffled)
        assert purchase_of(shuffled) == whole


@given(st.permutations(range(len(d.SUBSCRIPTION))), st.integers(1, len(d.SUBSCRIPTION)))
@settings(max_examples=200, deadline=None)
def test_facts_that_share_an_id_find_each_other_whatever_comes_between(
    order: list[int], cut: int
) -> None:
    facts = d.facts(*(d.SUBSCRIPTION[at] for at in order))
    other = d.facts(d.session("x", id="cs_9", payment_intent="pi_9"))
    groups = components([*facts[:cut], *other, *facts[cut:]])
    assert sorted(len(group) for group in groups) == [1, len(facts)]


def test_an_unpaid_session_is_pending_and_a_free_one_is_no_conversion() -> None:
    assert made((d.session(payment_status="unpaid"),)).status == "pending"
    free = made((d.session(payment_status="no_payment_required", amount_total=0),))
    assert (free.status, free.counts) == ("free", False)


def test_a_purchase_begins_with_its_trial_or_its_first_try_to_pay() -> None:
    trial = d.session(
        payment_status="no_payment_required", amount_total=0, subscription="sub_1", invoice="in_1"
    )
    later = d.invoice("i2", 2, 1_700_000, reason="subscription_cycle")
    assert made((trial, later)).begun_at == NOON
    assert made(d.ASYNC).begun_at == NOON
    early = d.refunded("r1", -50, 100)
    assert made((*d.ONE_TIME, early)).begun_at == NOON
    assert made((early,)).begun_at == NOON - timedelta(seconds=50)


def test_what_nobody_saw_begin_is_of_earlier_until_its_first_payment_comes() -> None:
    alone = [
        generic("purchase.renewed", "e2", payment_id="p2"),
        generic("purchase.refunded", "e3"),
        generic("purchase.ended", "e4"),
        *d.facts(d.joined("j1", 1, 2), d.refunded("r", 9, 100), d.LOST[2], d.SUBSCRIPTION[-1]),
    ]
    assert [purchase_of([fact]).is_earlier for fact in alone] == [True] * len(alone)
    assert not any(purchase_of([fact]).counts for fact in alone)
    first = generic("purchase.paid", "e1", payment_id="p1", occurred_at=d.at(-99))
    assert not purchase_of([*alone[:3], first]).is_earlier
    assert [made(story).is_earlier for story in STORIES.values()] == [
        name == "renewals alone" for name in STORIES
    ]


def test_an_open_dispute_still_counts_and_says_how_much_is_at_stake() -> None:
    purchase = made(d.LOST[:3])
    assert (purchase.status, purchase.counts) == ("disputed", True)
    assert purchase.first is not None
    assert purchase.first.disputed == 4900


def test_single_refunds_count_where_no_cumulative_figure_came() -> None:
    first = made((*d.ONE_TIME, d.refund("f1", "refund.created", 9, 700, "succeeded"))).first
    assert first is not None
    assert first.refunded == 700


def generic(kind: str, name: str, **data: Any) -> Fact:
    said = {"purchase_id": "o1", "amount": "49.00", "currency": "usd", "occurred_at": d.at(0)}
    reading = PROVIDERS["standard"].read(
        kind, name, Part({"type": kind, "data": said | data}), d.KEY_OF
    )
    (fact,) = reading.facts or ()
    return fact


def test_a_refund_that_names_no_payment_goes_back_from_the_first() -> None:
    facts = [
        generic("purchase.paid", "e0", payment_id="p0", amount="0", occurred_at=d.at(-9)),
        generic("purchase.paid", "e1", payment_id="p1"),
        generic("purchase.renewed", "e2", payment_id="p2", occurred_at=d.at(99)),
        generic("purchase.refunded", "e3", amount="9.00", occurred_at=d.at(100)),
    ]
    assert figures(purchase_of(facts)) == (
        *("partially_refunded", True, 4900, 900, 0, 4000, 8900, 2),
    )
    assert purchase_of(reversed(facts)) == purchase_of(facts)


def test_a_refund_that_comes_first_finds_its_payment() -> None:
    early = generic("purchase.refunded", "e3", occurred_at=d.at(-5))
    assert purchase_of([early]).status == "pending"
    assert purchase_of([early, generic("purchase.paid", "e1", payment_id="p1")]).status == (
        "refunded"
    )


def test_a_refund_of_another_currency_is_known_to_be_left_out() -> None:
    paid = d.facts(*d.ONE_TIME)
    (euros,) = d.facts(d.refunded("r1", 100, 1000, currency="eur"))
    assert left_out([*paid, euros]) == [euros]
    assert left_out([*paid, *d.facts(d.refunded("r1", 100, 1000))]) == []
    assert left_out([euros]) == []


def test_an_order_of_a_shop_and_its_refund_are_of_the_currency_that_was_paid() -> None:
    def both(name: str, shop: str, customer: str) -> dict[str, Any]:
        paid = {"amount": customer, "currency_code": "USD"}
        return {name: shop, f"{name}_set": {"presentment_money": paid}}

    order = {"id": 5, "created_at": "2026-03-02T12:00:00Z", "currency": "EUR"}
    returned = {"kind": "refund", "status": "success", "currency": "USD", "amount": "330.00"}
    refund = {"id": 9, "order_id": 5, "created_at": "2026-03-03T12:00:00Z"}
    for back in (returned, returned | both("amount", "300.00", "330.00") | {"currency": "EUR"}):
        facts = [
            fact
            for kind, payload in (
                ("orders/paid", order | both("total_price", "300.00", "330.00")),
                ("refunds/create", refund | {"transactions": [back]}),
            )
            for fact in shopify.read(kind, kind, Part(payload), d.KEY_OF).facts or ()
        ]
        assert figures(purchase_of(facts))[:4] == ("refunded", False, 33000, 33000)


def test_amounts_of_another_currency_are_never_added() -> None:
    other = d.invoice("i2", 2, 99, reason="subscription_cycle", currency="eur")
    purchase = made((*d.SUBSCRIPTION[:4], other))
    assert (purchase.payments, purchase.lifetime) == (2, 2000)


@pytest.mark.parametrize("story", STORIES)
def test_a_fact_is_kept_whole(story: str) -> None:
    for fact in d.facts(*STORIES[story]):
        assert from_row(to_row(fact, "k")) == fact


def test_a_fact_of_no_money_is_kept_whole() -> None:
    (free,) = d.facts(d.session(payment_status="no_payment_required", amount_total=0))
    assert from_row(to_row(free, "k")) == free


def test_a_row_from_before_with_a_currency_and_no_amount_is_of_0() -> None:
    (free,) = d.facts(d.session(payment_status="no_payment_required", amount_total=0))
    row = to_row(free, "k")
    del row["said"]["amount"]
    assert from_row(row).money == Money(0, "usd")
