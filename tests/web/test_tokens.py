from datetime import timedelta
from types import SimpleNamespace

import pytest

from tay_middleware.storage.desk.tokens import Scope
from tay_middleware.web.serve import is_loopback
from tay_middleware.web.tokens import make_token, opens, split
from tests.builders import NOON

DAY = timedelta(days=1)


def test_a_token_opens_until_it_expires_or_is_revoked() -> None:
    made = make_token("me", [Scope.READ], now=NOON, lifetime=DAY)
    parts = split(made.token)
    assert parts is not None
    token_id, secret = parts
    row = SimpleNamespace(**made.row)
    assert (row.id, row.scopes) == (token_id, ["read"])
    assert secret not in repr(made.row)
    assert opens(row, secret, NOON)
    assert not opens(row, secret[:-1] + ("0" if secret[-1] != "0" else "1"), NOON)
    assert not opens(row, secret, NOON + DAY)
    row.revoked_at = NOON
    assert not opens(row, secret, NOON)
    assert not opens(None, secret, NOON)


@pytest.mark.parametrize(
    "token", ["", "tay_", "tay_x_y", "x" * 81, "tay_" + "é" * 77, f"tay_{chr(0) * 12}_{'a' * 64}"]
)
def test_what_is_no_token_is_none(token: str) -> None:
    assert split(token) is None


@pytest.mark.parametrize(
    ("host", "closed"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - asked about, not listened on
        ("::", False),
        ("tay.example", False),
    ],
)
def test_only_loopback_is_closed_to_others(host: str, closed: bool) -> None:
    assert is_loopback(host) is closed
