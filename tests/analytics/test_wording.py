"""Figures as a person reads them."""

import pytest

from tay_middleware.analytics.wording import are, counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 sales are"), (1, "1 sale is"), (1_200, "1,200 sales are")]
)
def test_one_is_no_several(number: int, said: str) -> None:
    assert f"{counted(number, 'sale')} {are(number)}" == said
