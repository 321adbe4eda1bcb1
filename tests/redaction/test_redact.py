import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.redaction import keep, redact, redacted_part
from tay_middleware.redaction.redact import MOST_CHARS
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
        ("ring 555-867-5309 x", "ring [phone] x"),
        ("insta: @janes_curls, wa.me/447911123456", "insta: [handle], [handle]"),
        ("see https://www.instagram.com/janes_curls!", "see https://[handle]!"),
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
        "4500 5000 5500 6000 and 1400.1500.1600.1700 and 1400\u00a01500\u00a01600\u00a01700",
        "18 20 22 24 26 28 30 32 inch, 10/12/14/16/18/20, 12-14-16-18-20",
        "900 a month, 1,200 rent, wigs @ 120.00 each, ₦1500000000",
        "2024/25, 01/2024 02/2024, 2019 2020 2021 2022 2023, 2019-2024",
        "on 2026-11-26 10 30 or 25.12.2026 10.30, meet @ 5",
    ],
)
def test_prices_sizes_and_dates_are_left_alone(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("My card is 4111 1111 1111 1111 12/27 123", "My card is [card] 12/27 123"),
        ("4111111111111111 123 declined", "[card] 123 declined"),
        ("4242-4242-4242-4242 08/26", "[card] 08/26"),
        ("3782 822463 10005 12/27", "[card] 12/27"),
        ("GB29NWBK60161331926819 BIC NWBKGB2L", "[iban] BIC NWBKGB2L"),
        ("DE89370400440532013000 AND THEN", "[iban] AND THEN"),
        ("gb29 nwbk 6016 1331 9268 19 is it", "[iban] is it"),
        ("07911 123456 07911 123457", "[phone] [phone]"),
    ],
)
def test_what_is_written_behind_a_number_does_not_hide_it(text: str, kept: str) -> None:
    assert redact(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        *("0171/1234567", "+49 171/1234567", "+33 6 12 34 56 78", "+55 11 9 1234 5678"),
        *("1-800-555-0199", "06\u00a012\u00a034\u00a056\u00a078", "07911\u2011123456"),
        *("07911\u2013123456", "8 (912) 345-67-89", "+44 (0) 20 7946 0958", "+44\u200b7911123456"),
    ],
)
def test_a_telephone_number_is_found_as_people_write_it(text: str) -> None:
    assert redact(f"call {text}, or") == "call [phone], or"


@pytest.mark.parametrize("around", ["no.{}", "call me-{}", "{}ok", "number,{}", "#{}", "tel:{}"])
def test_a_row_of_digits_is_a_telephone_number_whatever_touches_it(around: str) -> None:
    assert redact(around.format("07911123456")) == around.format("[phone]")


@pytest.mark.parametrize("between", ["\u00a0", ".", "  ", "\u2011", "\u202f"])
def test_a_card_is_found_whatever_parts_its_groups(between: str) -> None:
    assert redact(between.join(["4242"] * 4)) == "[card]"


@pytest.mark.parametrize(
    "mail", ["jane\uff20example.com", "jane @ example.com", "ja\u200bne@example.com"]
)
def test_an_address_is_found_with_another_at_with_blanks_and_with_what_is_not_seen(
    mail: str,
) -> None:
    assert redact(f"\u2013 {mail}\u00a0\u2013 thanks") == "\u2013 [email]\u00a0\u2013 thanks"


@given(st.text())
def test_any_text_is_redacted_without_an_error(text: str) -> None:
    assert isinstance(redact(text), str)


@pytest.mark.parametrize(
    "piece", ["a@", "1 ", "1-", "(1)", "AB12 ", "1:", "1.", "a.", "+1 ", "4111 ", "a @ "]
)
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


CARD = "4242 4242 4242 4242"


@pytest.mark.parametrize("edge", range(4, 4 + len(CARD) + 1))
def test_what_stands_across_an_edge_is_replaced_as_a_whole(edge: int) -> None:
    text = f"pay {CARD} now"
    last = "pay [card]" if edge > 4 else "pay "
    first = "[card] now" if edge < 4 + len(CARD) else " now"
    assert redacted_part(text, 0, edge) == last
    assert redacted_part(text, edge, len(text)) == first


@given(st.text(), st.integers(0, 20), st.integers(0, 20))
def test_a_part_without_a_number_is_the_part(text: str, first: int, last: int) -> None:
    if redact(text) == text:
        assert redacted_part(text, first, last) == text[first:last]


def test_a_book_of_cards_is_cut_between_two() -> None:
    kept = keep(f"{CARD};" * 1_000, "redacted") or ""
    assert set(kept.split(";")) == {"[card]", ""}


def test_what_no_database_takes_is_replaced() -> None:
    assert keep("a\x00b\ud800c", "full") == "a\ufffdb?c"
