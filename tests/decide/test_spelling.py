import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.decide.spelling import respelled


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("my buisness is slow", "my business is slow"),
        ("freind said", "friend said"),
        ("ventialting a closrue", "ventilating a closure"),
        ("bussiness and busines", "business and business"),
        ("workin on my pricin", "working on my pricing"),
        ("form and from", "form and from"),
        ("mousse, henna, tiers", "mousse, henna, tiers"),
        ("wgi", "wgi"),
        ("zzyzxqv", "zzyzxqv"),
        ("don't couldn't", "don't couldn't"),
    ],
)
def test_only_a_slip_that_has_one_reading_is_mended(typed: str, meant: str) -> None:
    assert respelled(typed) == meant


def test_no_run_of_letters_is_slow_or_changed() -> None:
    assert respelled("a" * 100_000) == "a" * 100_000


@given(st.text(alphabet=string.ascii_lowercase + " '?.é😂مر", max_size=80))
def test_reading_twice_is_reading_once_and_leaves_what_is_no_word(text: str) -> None:
    once = respelled(text)
    assert respelled(once) == once
    assert "".join(c for c in once if not c.isalpha()) == "".join(
        c for c in text if not c.isalpha()
    )
