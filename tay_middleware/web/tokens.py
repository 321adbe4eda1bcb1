"""Admin tokens: `tay_<id>_<secret>`, 256 random bits of secret, kept only as their SHA-256."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tay_middleware.storage.desk.tokens import Scope

PREFIX = "tay_"
ID_CHARS = 12
SECRET_BYTES = 32

_WRITTEN = re.compile(rf"{PREFIX}([0-9a-f]{{{ID_CHARS}}})_([0-9a-f]{{{2 * SECRET_BYTES}}})")
"""Nothing else is asked of a database: one that refuses a character would answer with an error."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new token, to be shown once, and the row of it that is kept."""

    token: str
    row: dict[str, Any]


def make_token(
    name: str,
    scopes: Iterable[Scope],
    *,
    now: datetime,
    lifetime: timedelta | None,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> Made:
    """Make a token.

    Args:
        name: whose it is, for people.
        scopes: what it opens.
        now: aware.
        lifetime: how long it opens it; `None` for ever.
        random_bytes: that many random bytes.
    """
    token_id = random_bytes(ID_CHARS // 2).hex()
    secret = random_bytes(SECRET_BYTES).hex()
    row = {
        "id": token_id,
        "name": name,
        "hash": digest(secret),
        "scopes": sorted({scope.value for scope in scopes}),
        "created_at": now,
        "expires_at": now + lifetime if lifetime else None,
        "revoked_at": None,
        "last_used_at": None,
    }
    return Made(f"{PREFIX}{token_id}_{secret}", row)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def split(token: str) -> tuple[str, str] | None:
    """Id and secret of a token, or `None` for what is none."""
    written = _WRITTEN.fullmatch(token)
    return (written[1], written[2]) if written else None


def opens(row: Any, secret: str, now: datetime) -> bool:
    """Whether a kept row is of this secret and still good. Constant in time where a row is none."""
    is_its = _is_of(row, secret)
    if row is None or not is_its or row.revoked_at is not None:
        return False
    return row.expires_at is None or bool(row.expires_at > now)


def fault(token: str, row: Any) -> str:
    """Why a token opens nothing, for our books; `row` is what is kept under its id, if anything.

    Its sender is told none of it. As constant in time as `opens`.
    """
    if not token:
        return "there was no token"
    parts = split(token)
    is_its = _is_of(row, parts[1] if parts else "")
    if row is None or not is_its:
        return "the token is none that was made here"
    return "the token was revoked" if row.revoked_at is not None else "the token is over"


def _is_of(row: Any, secret: str) -> bool:
    return hmac.compare_digest(row.hash if row is not None else "0" * 64, digest(secret))
