import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.storage import keep, redact
from tay_middleware.storage.redact import MOST_CHARS
from tests.cost import least_cpu_seconds


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("write me at ada.l+x@mail.example.co.uk please", "write me at [email] please"),
        ("my card 4111 1111 1111 1111 was charged", "my card [card] was charged"),
        ("card 4111-1111-1111-1111.", "card [card]."),
        ("IBAN GB82 WEST 1234 5698 7654 32 ok", "IBAN [iban] ok"),
        ("iban DE89370400440532013000", "iban [iban]"),
        ("from 192.168.10.1 today", "from [ip] today"),
        ("from 2001:db8::ff00:42:8329 today", "from [ip] today"),
        ("call +44 7700 900123", "call [phone]"),
        ("call 07700 900123 or (020) 7946 0958", "call [phone] or [phone]"),
        ("whatsapp +234 803 123 4567!", "whatsapp [phone]!"),
        ("ring 555-867-5309 x", "ring 555-867-5309 x".replace("555-867-5309", "[phone]")),
    ],
)
def test_what_leads_to_a_person_is_taken_out(text: str, kept: str) -> None:
    assert redact(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "I charge £1,250 for a 22 inch 613 unit at 10:30",
        "from 2019 to 2024 I made 61,000 and 72,500",
        "order 10482, 13x4 lace, 180% density, 26/28/30 bundles",
        "rent is 1450 a month, 12 clients, 3.5 hours each",
        "4111 1111 1111 1112 is no card of anybody",
        "version 1.2.3 at 12:30:45",
        "€3.000,00 for 250 wigs and $12,400.50 last year",
        "@handle on insta, not an address",
    ],
)
def test_prices_sizes_and_dates_are_left_alone(text: str) -> None:
    assert redact(text) == text


@given(st.text())
def test_any_text_is_redacted_without_an_error(text: str) -> None:
    assert isinstance(redact(text), str)


@pytest.mark.parametrize("piece", ["a@", "1 ", "1-", "(1)", "AB12 ", "1:", "1.", "a.", "+1 "])
def test_redaction_takes_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        return least_cpu_seconds(lambda: redact(text))

    seconds(1_000)
    assert seconds(64_000) < 40 * max(seconds(4_000), 1e-3)


def test_keep_follows_the_setting() -> None:
    assert keep("ada@example.com", "none") is None
    assert keep("ada@example.com", "redacted") == "[email]"
    assert keep("ada@example.com", "full") == "ada@example.com"


def test_a_book_is_cut() -> None:
    kept = keep("x" * 100_000, "full") or ""
    assert len(kept) == MOST_CHARS
    assert kept.endswith("…")


def test_what_no_database_takes_is_replaced() -> None:
    assert keep("a\x00b\ud800c", "full") == "a\ufffdb?c"
