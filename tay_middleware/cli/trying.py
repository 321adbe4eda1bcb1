"""A signed delivery of our own format, to try an endpoint."""

import json
from datetime import datetime
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from uuid import UUID

from tay_middleware.errors import ConfigurationError, InputError
from tay_middleware.payments.signatures import sign_standard
from tay_middleware.settings import Settings

MOST_CHARS = 2000
"""What is read of an answer; ours are far shorter."""


def deliver(
    settings: Settings, to: str, now: datetime, number: UUID, timeout_seconds: float
) -> tuple[int, str]:
    """Post a sale that says it is a test; the status and the answer.

    Raises:
        ConfigurationError: there is no secret of `standard`, or it is none.
        InputError: the address is none of HTTP, or nobody answers there.
    """
    given = settings.webhook_secrets.get("standard")
    secret = given.get_secret_value().split(",")[0].strip() if given else ""
    if not secret:
        raise ConfigurationError("set TAY_WEBHOOK_SECRETS__STANDARD: nothing can be signed")
    if urlsplit(to).scheme not in {"http", "https"}:
        raise InputError(f"--to {to!r}: give the address with http:// or https://")
    body = _sale(now, number)
    headers = sign_standard(secret, f"msg_{number}", body, now)
    request = Request(to, body, {"content-type": "application/json", **headers})  # noqa: S310 - HTTP alone, see above
    try:
        with urlopen(request, timeout=timeout_seconds) as answer:  # noqa: S310 - the same
            return answer.status, _words(answer.read(MOST_CHARS))
    except HTTPError as error:
        with error:
            return error.code, _words(error.read(MOST_CHARS))
    except (URLError, OSError) as error:
        raise InputError(f"{to} does not answer: {error}") from None


def _sale(now: datetime, number: UUID) -> bytes:
    data = {
        "purchase_id": f"try-{number}",
        "amount": "1.00",
        "currency": "usd",
        "occurred_at": now.isoformat(),
        "test": True,
    }
    return json.dumps({"type": "purchase.paid", "data": data}).encode()


def _words(answer: bytes) -> str:
    return answer.decode("utf-8", "replace").strip()
