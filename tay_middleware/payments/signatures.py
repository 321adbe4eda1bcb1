"""Whether a delivery is from whom it says: a table in which a further scheme is a row.

All schemes are an HMAC-SHA256 under a shared secret; they differ in what is signed, how the digest
is written and where it stands. Several secrets hold at once, so that one can be rotated. Nothing is
parsed before the signature holds, digests are compared in constant time, and a time too far from
ours is refused in both directions.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tay_middleware.errors import ConfigurationError, SignatureError

TOLERANCE_SECONDS = 300
"""How far the time in a signature may be from ours: what Stripe and Standard Webhooks advise."""

MOST_DIGESTS = 8
"""Digests of one delivery that are looked at; a rotation needs two."""

LEAST_SECRET_BYTES = 16
"""Whoever guesses a secret can tell of any sale. Stripe gives out 32 characters and more, Shopify
32, and Standard Webhooks asks for 24 bytes: what is shorter than this was typed by a person."""

NO_MATCH = "no signature matches"
"""What is said of a delivery that is signed now, and by none of the secrets."""

Headers = Mapping[str, str]
"""Header values by name in lower case."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a delivery's headers say: its digests, and the time and id that were signed with it."""

    digests: tuple[bytes, ...]
    stamp: str | None = None
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to sign.

    `read` takes the headers apart (raising `SignatureError` or `ValueError`), `content` gives the
    bytes that were signed, `key` the HMAC key of a secret as people paste it.
    """

    read: Callable[[Headers], Signed]
    content: Callable[[Signed, bytes], bytes]
    key: Callable[[str], bytes]


def verify(
    scheme: Scheme, secrets: Sequence[str], headers: Headers, body: bytes, now: datetime
) -> Signed:
    """Hold a delivery against its signature.

    Raises:
        SignatureError: it is not signed by any of the secrets, or not now.
    """
    try:
        signed = scheme.read(headers)
        content = scheme.content(signed, body)
    except ValueError:
        raise SignatureError("the signature header cannot be read") from None
    if signed.stamp is not None:
        _check_time(signed.stamp, now)
    held = False
    for secret in secrets:
        mine = hmac.new(scheme.key(secret), content, hashlib.sha256).digest()
        for theirs in signed.digests[:MOST_DIGESTS]:
            held |= hmac.compare_digest(mine, theirs)
    if not held:
        raise SignatureError(NO_MATCH)
    return signed


def check_secret(scheme: Scheme, setting: str, secret: str) -> None:
    """Refuse what is no secret, or can be guessed; `setting` is where it is from.

    Raises:
        ConfigurationError: it is; the message does not say what it is.
    """
    size = len(scheme.key(secret.removeprefix(_PREFIX)))
    if size < LEAST_SECRET_BYTES:
        encoding = "base64" if scheme is STANDARD else "hex"
        raise ConfigurationError(
            f"{setting}: a secret of {size} bytes can be guessed, and whoever guesses it can tell "
            f"of any sale; {LEAST_SECRET_BYTES} are the least. Copy the provider's whole secret; "
            f"one of your own is made by `openssl rand -{encoding} 32`"
        )


def sign_standard(secret: str, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers under which a delivery of Standard Webhooks holds.

    Raises:
        ConfigurationError: the secret is none of theirs.
    """
    signed = Signed((), stamp=str(int(now.timestamp())), message_id=message_id)
    content = _standard_content(signed, body)
    digest = hmac.new(_standard_key(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": signed.stamp or "",
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _check_time(stamp: str, now: datetime) -> None:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise SignatureError("the signature's time cannot be read")
    age = now.timestamp() - int(stamp)
    if age > TOLERANCE_SECONDS:
        raise SignatureError("the signature is too old")
    if age < -TOLERANCE_SECONDS:
        raise SignatureError("the signature is of the future")


def _header(headers: Headers, name: str) -> str:
    value = headers.get(name)
    if not value:
        raise SignatureError(f"the header {name} is missing")
    return value


def _read_stripe(headers: Headers) -> Signed:
    parts = [part.partition("=") for part in _header(headers, "stripe-signature").split(",")]
    stamps = [value.strip() for name, _, value in parts if name.strip() == "t"]
    digests = [bytes.fromhex(value.strip()) for name, _, value in parts if name.strip() == "v1"]
    if len(stamps) != 1 or not digests:
        raise SignatureError("the signature header cannot be read")
    return Signed(tuple(digests), stamp=stamps[0])


def _stripe_content(signed: Signed, body: bytes) -> bytes:
    return f"{signed.stamp}.".encode() + body


def _read_standard(headers: Headers) -> Signed:
    written = _header(headers, "webhook-signature").split()
    digests = [_from_base64(one.removeprefix("v1,")) for one in written if one.startswith("v1,")]
    if not digests:
        raise SignatureError("the signature header cannot be read")
    return Signed(
        tuple(digests),
        stamp=_header(headers, "webhook-timestamp"),
        message_id=_header(headers, "webhook-id"),
    )


def _standard_content(signed: Signed, body: bytes) -> bytes:
    return f"{signed.message_id}.{signed.stamp}.".encode() + body


_PREFIX = "whsec_"
"""Stands before secrets of Stripe, as a part of the key, and of Standard Webhooks, as none."""


def _standard_key(secret: str) -> bytes:
    try:
        key = _from_base64(secret.removeprefix(_PREFIX))
    except ValueError:
        key = b""
    if not key:
        raise ConfigurationError(
            "TAY_WEBHOOK_SECRETS: a secret of Standard Webhooks is whsec_ and base64"
        )
    return key


def _read_shopify(headers: Headers) -> Signed:
    return Signed(
        (_from_base64(_header(headers, "x-shopify-hmac-sha256")),),
        message_id=_header(headers, "x-shopify-webhook-id"),
    )


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None


STRIPE = Scheme(_read_stripe, _stripe_content, str.encode)
STANDARD = Scheme(_read_standard, _standard_content, _standard_key)
SHOPIFY = Scheme(_read_shopify, lambda _signed, body: body, str.encode)
