"""Shopify's orders and refunds, as other apps, banks and edits leave them."""

from itertools import permutations
from typing import Any

import pytest

from tay_middleware.payments import shopify
from tay_middleware.payments.facts import Fact
from tay_middleware.payments.purchases import purchase_of
from tay_middleware.payments.reading import Part
from tests.payments import deliveries as d

ORDER = {
    "id": 5,
    "created_at": "2026-03-02T12:00:00Z",
    "updated_at": "2026-03-02T12:01:00Z",
    "total_price": "49.00",
    "currency": "USD",
}
EDITED = ORDER | {"total_price": "79.00", "updated_at": "2026-03-05T12:00:00Z"}
BACK = {"id": 7, "kind": "refund", "status": "success", "amount": "49.00", "currency": "USD"}
REFUND = {"id": 9, "order_id": 5, "created_at": "2026-03-03T12:00:00Z"}


def facts(kind: str, name: str, payload: dict[str, Any]) -> list[Fact]:
    return list(shopify.read(kind, name, Part(payload), d.KEY_OF).facts or ())


def refunded(*transactions: dict[str, Any]) -> list[Fact]:
    return facts("refunds/create", "w2", REFUND | {"transactions": list(transactions)})


def ended(status: str) -> list[Fact]:
    told = REFUND | BACK | {"status": status, "created_at": "2026-03-06T12:00:00Z"}
    return facts("order_transactions/create", "w3", told)


@pytest.mark.parametrize(
    "odd",
    [
        {"note_attributes": [{"name": "gift_wrap", "value": 23}, {"name": 7, "value": None}]},
        {"note_attributes": [{"name": "gift", "value": {"a": 1}}, {"name": "x", "value": True}]},
        {"email": 17, "customer": "a guest", "line_items": [{"product_id": True}]},
        {"email": "a\x00@b.example", "customer": {"id": [1], "email": {}}, "updated_at": None},
    ],
)
def test_what_other_apps_write_into_an_order_stops_no_sale(odd: dict[str, Any]) -> None:
    ours = [{"name": "tay_user_id", "value": 42}, *odd.get("note_attributes", ())]
    (fact,) = facts("orders/paid", "w1", ORDER | odd | {"note_attributes": ours})
    assert fact.evidence.user_key == d.KEY_OF("user:42")
    assert fact.money is not None
    assert fact.money.amount == 4900


def test_a_refund_that_is_pending_counts_until_it_fails() -> None:
    paid = facts("orders/paid", "w1", ORDER)
    pending = refunded(BACK | {"status": "pending"})
    for end, status, net in ([], "refunded", 0), (ended("success"), "refunded", 0):
        for told in permutations([*paid, *pending, *end]):
            purchase = purchase_of(told)
            assert (purchase.status, purchase.lifetime) == (status, net)
    for told in permutations([*paid, *pending, *ended("failure")]):
        assert (purchase_of(told).status, purchase_of(told).lifetime) == ("paid", 4900)


def test_a_refund_of_several_transactions_is_their_sum_and_what_failed_is_not_in_it() -> None:
    parts = [BACK | {"id": n, "amount": "10.00"} for n in (1, 2)]
    failed = BACK | {"id": 3, "amount": "5.00", "status": "error"}
    sale = BACK | {"id": 4, "kind": "sale"}
    found = refunded(*parts, failed, sale)
    assert [fact.id for fact in found] == ["shopify:w2", "shopify:w2#1", "shopify:w2#2"]
    first = purchase_of([*facts("orders/paid", "w1", ORDER), *found]).first
    assert first is not None
    assert first.refunded == 2000
    assert refunded() == []


def test_a_refund_of_a_test_order_is_of_the_test_world() -> None:
    def is_live(kind: str, payload: dict[str, Any]) -> bool:
        return shopify.read(kind, "w", Part(payload), d.KEY_OF).live

    test = BACK | {"test": True}
    assert not is_live("refunds/create", REFUND | {"transactions": [test]})
    assert not is_live("order_transactions/create", REFUND | test)
    assert is_live("refunds/create", REFUND | {"transactions": [BACK]})
    assert not is_live("orders/paid", ORDER | {"test": True})


def test_of_an_order_that_was_edited_the_last_total_stands_whatever_its_deliveries_are_called() -> (
    None
):
    for names in permutations(["aaa", "bbb"]):
        told = [
            *facts("orders/paid", names[0], ORDER),
            *facts("orders/paid", names[1], EDITED),
        ]
        for purchase in purchase_of(told), purchase_of(reversed(told)):
            assert (purchase.lifetime, purchase.payments) == (7900, 1)


def test_a_transaction_that_is_no_refund_says_nothing() -> None:
    sale = REFUND | BACK | {"kind": "sale"}
    assert shopify.read("order_transactions/create", "w", Part(sale), d.KEY_OF).facts is None
