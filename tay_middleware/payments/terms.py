"""How deliveries are read and credited, by settings and catalogue."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from tay_middleware.identities import KeyOf, user_key
from tay_middleware.payments.catalogue import Rules
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings


@dataclass(frozen=True, slots=True)
class Terms:
    """What a worker must know beside the inbox.

    `live` is which of a provider's two worlds counts; `key_of` hides identities; deliveries are
    kept word for word for `kept_for`.
    """

    rules: Rules
    key_of: KeyOf
    live: bool = True
    kept_for: timedelta = timedelta(days=90)


def terms_of(settings: Settings, playbook: Playbook) -> Terms:
    """The terms that the settings and the offers' products come to.

    Raises:
        ConfigurationError: the secret that hides user ids is missing.
    """
    products = {
        product: name for name, offer in playbook.offers.items() for product in offer.products
    }
    rules = Rules(
        window=timedelta(days=settings.attribution_days),
        offers=products,
        catalogue=frozenset(playbook.offers),
    )
    return Terms(
        rules=rules,
        key_of=partial(user_key, settings.user_key_bytes()),
        live=settings.payment_mode == "live",
        kept_for=timedelta(days=settings.payload_retention_days),
    )
