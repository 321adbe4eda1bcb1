"""How deliveries are read and credited, by settings and catalogue."""

from datetime import timedelta

from tay_middleware.payments.catalogue import Rules
from tay_middleware.payments.inbox import Terms, hider
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings


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
        key_of=hider(settings.user_key_bytes()),
        live=settings.payment_mode == "live",
        kept_for=timedelta(days=settings.payload_retention_days),
    )
