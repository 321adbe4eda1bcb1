import pytest

from tay_middleware.errors import PayloadError
from tay_middleware.payments.money import Money, major, money, spoken


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("49.00", "usd", 4900),
        ("49", "USD", 4900),
        (" 0.07 ", "eur", 7),
        ("500", "jpy", 500),
        ("1.234", "kwd", 1234),
        (49.5, "usd", 4950),
        ("1e2", "usd", 10000),
        (0.1, "usd", 10),
    ],
)
def test_amounts_are_read_exactly(text: object, currency: str, amount: int) -> None:
    assert major(text, currency) == Money(amount, currency.lower())


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.5", "jpy"),
        ("1.001", "usd"),
        ("nan", "usd"),
        ("inf", "usd"),
        ("-1", "usd"),
        ("", "usd"),
        ("1,5", "usd"),
        (None, "usd"),
        (True, "usd"),
        ("1e400", "usd"),
        ("1e-400", "usd"),
        ("1", "doge"),
        ("1", None),
    ],
)
def test_what_is_no_amount_is_refused(text: object, currency: object) -> None:
    with pytest.raises(PayloadError):
        major(text, currency)


@pytest.mark.parametrize("amount", [-1, 1.0, "1", True, None, 10**15])
def test_minor_units_are_whole_numbers(amount: object) -> None:
    with pytest.raises(PayloadError):
        money(amount, "usd")


def test_amounts_are_spoken_as_people_write_them() -> None:
    said = [spoken(4900, "usd"), spoken(500, "jpy"), spoken(5, "kwd"), spoken(0, "eur")]
    assert said == ["49.00", "500", "0.005", "0.00"]
