"""Which offers a purchase is of."""

from dataclasses import replace

import pytest

from tay_middleware.errors import PayloadError
from tay_middleware.payments.catalogue import Rules, Sold, check_offers, product_of, sold
from tay_middleware.payments.facts import Fact
from tay_middleware.payments.purchases import purchase_of
from tests.payments import deliveries as d

RULES = Rules(
    offers={"111": "course", "222": "masterclass", "price_c": "course"},
    catalogue=frozenset({"course", "masterclass", "mentorship"}),
)


def bought(*products: str, offer: str | None = None) -> Fact:
    (fact,) = d.facts(d.session())
    return replace(fact, products=products, offer=offer)


def found(*products: str, offer: str | None = None, rules: Rules = RULES) -> Sold:
    return sold(purchase_of([bought(*products, offer=offer)]), rules)


def test_a_basket_is_of_all_its_offers_and_its_product_of_the_one_that_is_credited() -> None:
    basket = found("111", "222", "999")
    assert (basket.offers, basket.known) == (frozenset({"course", "masterclass"}), True)
    assert product_of(basket, "masterclass", RULES) == "222"
    assert product_of(basket, None, RULES) == "111"


@pytest.mark.parametrize("product", ["999", "price_x"])
def test_a_product_that_no_offer_lists_is_none_of_ours(product: str) -> None:
    assert found(product) == Sold(frozenset(), known=False, products=(product,))


@pytest.mark.parametrize("products", [(), ("plink_x",), ("t-shirt",)])
def test_a_product_of_a_kind_that_no_offer_lists_says_nothing(products: tuple[str, ...]) -> None:
    assert found(*products) == Sold(products=products)


def test_an_offer_is_known_however_it_is_capitalised() -> None:
    assert found(offer=" Mentorship") == Sold(frozenset({"mentorship"}), known=True)
    assert found("222", offer="what is this?").offers == frozenset({"masterclass"})
    assert found(offer="t-shirt") == Sold(frozenset({"t-shirt"}), known=False)


def test_an_offer_that_is_not_in_the_catalogue_is_named() -> None:
    check_offers([bought(), bought(offer="COURSE")], RULES)
    with pytest.raises(PayloadError, match="no offer 'corse'; it has course, masterclass"):
        check_offers([bought(offer="corse")], RULES)
