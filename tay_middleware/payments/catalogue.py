"""Which offers of the catalogue a purchase is of. Pure.

What names no offer, and no product of a kind that the catalogue lists, may be of any offer. What
names only others is of none of ours, and no mention earns it that it does not itself lead to. So is
what Stripe tells without its price, where the catalogue knows offers by their prices alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tay_middleware.errors import PayloadError
from tay_middleware.payments.facts import Fact
from tay_middleware.payments.purchases import Purchase

MOST_CHARS = 64
"""An offer's name is kept up to here."""

_LINK = "plink_"
_PRICES = {"price_", "prod_"}
_STRIPE_KINDS = (*sorted(_PRICES), _LINK)


@dataclass(frozen=True, slots=True)
class Rules:
    """How purchases are credited.

    `window` is how long after a mention, `offers` which product sells which offer, `catalogue` the
    names of all offers.
    """

    window: timedelta = timedelta(days=14)
    offers: Mapping[str, str] = field(default_factory=dict)
    catalogue: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sold:
    """What was bought: `offers` by name, `None` where nothing says it; `known` if by the catalogue.

    Of what is said and not known `offers` has the names as they were given, if there are any.
    """

    offers: frozenset[str] | None = None
    known: bool = False
    products: tuple[str, ...] = ()

    def fits(self, offer: str) -> bool:
        """Whether it may be a purchase of this offer."""
        return self.offers is None or offer in self.offers

    def one(self, mentioned: str | None = None) -> str | None:
        """The offer to write down: the one that was mentioned if it was sold, else the first."""
        if self.offers is None or mentioned in self.offers:
            return mentioned
        return min(self.offers, default=None)


def sold(purchase: Purchase, rules: Rules) -> Sold:
    """The offers and products that were bought, as far as anything says so."""
    names, products = named_by(purchase)
    ours = {found for name in names if (found := _ours(name, rules)) is not None}
    if not ours:
        ours = {rules.offers[product] for product in products if product in rules.offers}
    if ours:
        return Sold(frozenset(ours), True, products)
    if names:
        return Sold(frozenset(name[:MOST_CHARS] for name in names), False, products)
    listed = {_kind(product) for product in rules.offers}
    is_other = any(_kind(product) in listed for product in products)
    is_untold = purchase.provider == "stripe" and listed & _PRICES and _LINK not in listed
    return Sold(frozenset() if is_other or is_untold else None, False, products)


def named_by(purchase: Purchase) -> tuple[frozenset[str], tuple[str, ...]]:
    """The names of offers and the products that are said to have been bought.

    What a renewal is of says nothing of what was bought, but where nothing else is said: a plan
    may have changed since.
    """
    begun = [fact for fact in purchase.facts if not fact.renewal]
    for facts in (begun, purchase.facts):
        names = frozenset(fact.offer for fact in facts if fact.offer)
        products = tuple(sorted({product for fact in facts for product in fact.products}))
        if names or products:
            return names, products
    return frozenset(), ()


def product_of(found: Sold, offer: str | None, rules: Rules) -> str | None:
    """The product to write down: one that sells the offer, else any of ours, else the first."""
    listed = [product for product in found.products if product in rules.offers]
    selling = [product for product in listed if rules.offers[product] == offer]
    return next(iter((*selling, *listed, *found.products)), None)


def check_offers(facts: Iterable[Fact], rules: Rules) -> None:
    """Tell whoever writes deliveries by hand that an offer is misspelt.

    Raises:
        PayloadError: an offer is named that the catalogue does not have.
    """
    for fact in facts:
        if fact.offer and _ours(fact.offer, rules) is None:
            raise PayloadError(
                f"the catalogue has no offer {fact.offer[:MOST_CHARS]!r}; "
                f"it has {', '.join(sorted(rules.catalogue))}"
            )


def _ours(name: str, rules: Rules) -> str | None:
    """The catalogue's name of an offer, however it is capitalised."""
    plain = name.strip().casefold()
    names = rules.catalogue | set(rules.offers.values())
    return next((one for one in sorted(names) if one.casefold() == plain), None)


def _kind(product: str) -> str:
    """The sort of id: Stripe's by their prefix, a shop's numbers, and everything else."""
    if product.isdigit():
        return "number"
    return next((kind for kind in _STRIPE_KINDS if product.startswith(kind)), "")
