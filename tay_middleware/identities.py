"""Ids of users and sessions in the one form that keys are made of, wherever an id comes from.

The chat is told of a user by the app, payments by metadata, links and files: who is the same must
have the same key (`user_key`), and nobody may share one.
"""

from collections.abc import Callable
from hashlib import sha256

from tay_middleware.hashing import keyed_digest

KeyOf = Callable[[str], str]
"""Hides an identity (`user:…`, `email:…`) behind its HMAC; see `user_key`."""

MOST_ID_CHARS = 256
"""Of a longer id (the token of a login, say) its beginning and its SHA-256 stand for it: whole, it
would fill the log."""


def identifier(value: object) -> str | None:
    """An id in its one form: without blanks around it; `None` where nothing is left."""
    text = "" if value is None else str(value).strip()
    if len(text) <= MOST_ID_CHARS:
        return text or None
    whole = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{text[: MOST_ID_CHARS - len(whole) - 1]}:{whole}"


def user_key(secret: bytes, identity: str) -> str:
    """The HMAC-SHA256 of `identity` under `secret`, as 32 hex digits.

    This alone appears in keys, logs and metrics; without the secret it leads back to nobody.
    """
    return keyed_digest(secret, identity.encode("utf-8", "surrogatepass")).hex()[:32]
