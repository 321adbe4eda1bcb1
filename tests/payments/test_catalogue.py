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


def bought(*products: str, offer: str | None = None, provider: str = "standard") -> Fact:
    (fact,) = d.facts(d.session())
    return replace(fact, products=products, offer=offer, provider=provider)


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


PRICES = replace(RULES, offers={"price_c": "course", "prod_c": "course"})


def test_where_the_catalogue_knows_prices_alone_a_sale_without_one_is_of_no_offer() -> None:
    (plain,) = d.facts(d.session())
    assert sold(purchase_of([plain]), PRICES) == Sold(frozenset())
    link = bought("plink_x", provider="stripe")
    assert sold(purchase_of([link]), PRICES).offers == frozenset()
    assert found(rules=PRICES) == Sold()
    links = replace(PRICES, offers={**PRICES.offers, "plink_c": "course"})
    assert sold(purchase_of([plain]), links) == Sold()


def test_a_checkout_whose_lines_were_passed_on_names_its_prices() -> None:
    line = {"price": {"id": "price_c", "product": "prod_c"}}
    (fact,) = d.facts(d.session(line_items={"data": [line]}, payment_link="plink_1"))
    assert fact.products == ("plink_1", "price_c", "prod_c")
    assert sold(purchase_of([fact]), PRICES).offers == frozenset({"course"})


def test_a_renewal_says_what_was_bought_only_where_nothing_else_does() -> None:
    begun, renewal = bought("price_c"), replace(bought("222"), id="r", renewal=True)
    assert sold(purchase_of([begun, renewal]), RULES).offers == frozenset({"course"})
    silent = replace(bought(), products=())
    assert sold(purchase_of([silent, renewal]), RULES).offers == frozenset({"masterclass"})


def test_an_offer_is_known_however_it_is_capitalised() -> None:
    assert found(offer=" Mentorship") == Sold(frozenset({"mentorship"}), known=True)
    assert found("222", offer="what is this?").offers == frozenset({"masterclass"})
    assert found(offer="t-shirt") == Sold(frozenset({"t-shirt"}), known=False)


def test_an_offer_that_is_not_in_the_catalogue_is_named() -> None:
    check_offers([bought(), bought(offer="COURSE")], RULES)
    with pytest.raises(PayloadError, match="no offer 'corse'; it has course, masterclass"):
        check_offers([bought(offer="corse")], RULES)
