"""The providers: for each its scheme of signing and its reader. A further one is a row."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tay_middleware.errors import PayloadError
from tay_middleware.identities import KeyOf
from tay_middleware.payments import shopify, stripe
from tay_middleware.payments.generic import GenericReader
from tay_middleware.payments.reading import MOST_CHARS, Part, Reading
from tay_middleware.payments.signatures import SHOPIFY, STANDARD, STRIPE, Headers, Scheme, Signed

Reader = Callable[[str, str, Part, KeyOf], Reading]
"""From a type, an id, a payload and a hider of identities to what it comes to."""


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on a delivery: its id, by which it is the same when it comes again, and type."""

    external_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class Provider:
    """One sender. `scheme` is `None` for what does not come by a webhook."""

    scheme: Scheme | None
    label: Callable[[Signed, Headers, Part], Label]
    read: Reader
    kept_headers: tuple[str, ...] = ()
    checks_shape: bool = False
    """Whether its sender is shown at once what is wrong with a delivery: the format is ours."""
    says: tuple[str, ...] = ()
    """The fields that are the same whenever a delivery comes again; none named: all of them."""


def _stripe_label(_signed: Signed, _headers: Headers, payload: Part) -> Label:
    return Label(payload.needed("id"), payload.needed("type"))


def _standard_label(signed: Signed, _headers: Headers, payload: Part) -> Label:
    return Label(signed.message_id or "", payload.needed("type"))


def _shopify_label(signed: Signed, headers: Headers, _payload: Part) -> Label:
    return Label(signed.message_id or "", headers.get("x-shopify-topic", ""))


PROVIDERS: Mapping[str, Provider] = {
    "stripe": Provider(STRIPE, _stripe_label, stripe.read, ("stripe-signature",), says=("data",)),
    "standard": Provider(
        STANDARD,
        _standard_label,
        GenericReader("standard"),
        ("webhook-id", "webhook-timestamp", "webhook-signature"),
        checks_shape=True,
    ),
    "shopify": Provider(
        SHOPIFY,
        _shopify_label,
        shopify.read,
        ("x-shopify-topic", "x-shopify-webhook-id", "x-shopify-shop-domain"),
    ),
    "import": Provider(None, _standard_label, GenericReader("import")),
}


def parse(body: bytes) -> Part:
    """The JSON object of a delivery.

    Raises:
        PayloadError: it is none.
    """
    try:
        payload: Any = json.loads(body.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise PayloadError("the body is no JSON in UTF-8") from None
    if not isinstance(payload, dict):
        raise PayloadError("the body is no JSON object")
    return Part(payload)


def digest(provider: Provider, payload: Part) -> str:
    """The SHA-256 of what a delivery says, however it is written, as 64 hex digits.

    Raises:
        PayloadError: it is nested deeper than anything that is sold.
    """
    says = {name: payload.values.get(name) for name in provider.says or payload.values}
    try:
        return hashlib.sha256(json.dumps(says, sort_keys=True).encode()).hexdigest()
    except RecursionError:
        raise PayloadError("the body is nested too deep") from None


def labelled(provider: Provider, signed: Signed, headers: Headers, payload: Part) -> Label:
    """What stands on a delivery.

    Raises:
        PayloadError: nothing, or something far too long.
    """
    label = provider.label(signed, headers, payload)
    for text in (label.external_id, label.kind):
        if not 0 < len(text) <= MOST_CHARS or not text.isprintable():
            raise PayloadError("the delivery's id or type is missing, too long or not printable")
    return label
