"""What went back: of invoices that were paid in parts, and when it was gone."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from tay_middleware.payments.facts import from_row, to_row
from tay_middleware.payments.purchases import Purchase, purchase_of
from tests.builders import NOON
from tests.payments import deliveries as d

Told = dict[str, Any]


def half(number: int, charge: str, seconds: float) -> tuple[Told, Told]:
    """One of two payments of an invoice of 100."""
    intent = f"pi_{charge}"
    return (
        d.intent(f"p{number}", seconds, id=intent, latest_charge=charge, amount_received=5000),
        d.event(
            f"j{number}",
            "invoice_payment.paid",
            seconds,
            id=f"inpay_{number}",
            invoice="in_1",
            payment={"type": "payment_intent", "payment_intent": intent},
        ),
    )


HALVES = (*half(1, "ch_a", 1), *half(2, "ch_b", 2))
INVOICE = d.invoice("i1", 1, 3, reason="manual", amount_paid=10000, parent=None)


def made(*told: Told) -> Purchase:
    return purchase_of(d.facts(*told))


def of_half(seconds: float, **obj: Any) -> Told:
    return d.refunded("r1", seconds, 5000, id="ch_a", payment_intent="pi_ch_a", **obj)


@pytest.mark.parametrize("told", [HALVES, (*HALVES, INVOICE), (*HALVES[:2], HALVES[3], INVOICE)])
def test_an_invoice_that_is_paid_in_parts_is_the_sum_of_them(told: tuple[Told, ...]) -> None:
    found = [made(*order) for order in permutations(told)]
    assert {(one.lifetime, one.payments) for one in found} == {(10000, 1)}


def test_half_of_it_that_goes_back_leaves_the_other() -> None:
    purchase = made(*HALVES, INVOICE, of_half(9))
    assert (purchase.status, purchase.counts, purchase.lifetime) == (
        *("partially_refunded", True),
        5000,
    )


def test_of_one_charge_the_cumulative_figure_and_of_another_the_single_refund() -> None:
    single = d.refund(
        "f1", "refund.created", 8, 2000, "succeeded", charge="ch_b", payment_intent="pi_ch_b"
    )
    first = made(*HALVES, of_half(9), single).first
    assert first is not None
    assert (first.refunded, first.net) == (7000, 3000)


@pytest.mark.parametrize(
    ("told", "gone"),
    [
        ([d.refunded("r1", 9, 4900)], 9),
        ([d.refunded("r1", 9, 900), d.refunded("r2", 50, 4900)], 50),
        ([d.refunded("r1", 9, 4900), d.refund("f1", "refund.updated", 99, 4900, "succeeded")], 9),
        ([d.refunded("r1", 9, 4900), d.refunded("r2", 99, 4900)], 9),
        (
            [
                d.refund("f0", "refund.created", 5, 4900, "pending"),
                d.refund("f1", "refund.updated", 9, 4900, "succeeded"),
                d.refund("f2", "refund.updated", 99, 4900, "succeeded"),
            ],
            9,
        ),
        (  # the final word stands, though the earlier one says a later time
            [
                d.refund("f1", "refund.updated", 5, 4900, "succeeded"),
                d.refund("f0", "refund.created", 9, 4900, "pending"),
            ],
            5,
        ),
        (
            [
                d.dispute("x0", "charge.dispute.created", 5, "needs_response"),
                d.dispute("x1", "charge.dispute.closed", 9, "lost"),
                d.dispute("x2", "charge.dispute.updated", 99, "lost"),
            ],
            9,
        ),
    ],
)
def test_money_is_gone_when_it_was_first_told_to_be(told: list[Told], gone: int) -> None:
    for order in permutations([*d.ONE_TIME, *told]):
        assert made(*order).went_back_at == NOON + timedelta(seconds=gone)


def test_nothing_is_gone_while_nothing_went_back() -> None:
    pending = d.refund("f0", "refund.created", 5, 4900, "pending")
    assert made(*d.ONE_TIME, pending).went_back_at is None
    assert made(*d.WON).went_back_at is None


def test_a_purchase_counts_while_anything_of_it_is_left() -> None:
    back = d.refunded("r1", 9, 2000)
    purchase = made(*d.SUBSCRIPTION, back)
    assert (purchase.status, purchase.counts, purchase.lifetime) == ("refunded", True, 1500)
    all_of_it = d.refunded("r3", 2_600_001, 2000, id="ch_2", payment_intent="pi_2")
    gone = made(*d.SUBSCRIPTION, back, all_of_it)
    assert (gone.counts, gone.lifetime) == (False, 0)
    assert gone.went_back_at == NOON + timedelta(seconds=2_600_001)


def test_a_payment_of_an_invoice_that_names_nothing_says_nothing() -> None:
    assert d.facts(d.event("j", "invoice_payment.paid", 0, id="inpay_1", payment={})) == []


def test_what_a_fact_says_of_tokens_and_revisions_is_kept() -> None:
    (fact,) = d.facts(d.session(metadata={"tay_token": "t" * 22}))
    assert fact.evidence.metadata_token == "t" * 22
    assert from_row(to_row(fact, "k")) == fact


FAILED_AND_TOLD_AGAIN = (
    *d.ONE_TIME,
    d.refunded("r1", 100, 1000),
    d.refund("f1", "refund.failed", 200, 1000, "failed"),
    d.refunded("r2", 300, 500),
    d.refund("f2", "refund.updated", 400, 1000, "failed"),
)


def test_a_refund_that_failed_is_taken_off_once_however_late_it_is_told_again() -> None:
    for order in permutations(FAILED_AND_TOLD_AGAIN):
        first = made(*order).first
        assert first is not None
        assert (first.refunded, first.net) == (500, 4400)
