from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.decide.assign import BUCKETS, bucket, choose


@pytest.mark.parametrize(
    ("seed", "value", "expected"),
    [
        ("seed", "a", 0.0505),
        ("seed", "b", 0.2696),
        ("foo", "ab", 0.2575),
        ("foo", "def", 0.2019),
        ("89123klj", "8952klfjas09ujkasdf", 0.124),
        ("90850943850283058242805", "123", 0.7516),
        ("()**(%$##$%#$#", '___)((*":&', 0.0128),
    ],
)
def test_the_hash_gives_growthbooks_published_values(
    seed: str, value: str, expected: float
) -> None:
    assert bucket(seed, value) == pytest.approx(expected, abs=1e-12)


@given(st.text(), st.text())
def test_every_text_falls_into_a_bucket(seed: str, value: str) -> None:
    place = bucket(seed, value)
    assert 0 <= place < 1
    assert (place * BUCKETS) == pytest.approx(round(place * BUCKETS))


def test_an_assignment_never_changes() -> None:
    assert [choose("test", f"user-{number}", [1, 1, 1]) for number in range(12)] == [
        choose("test", f"user-{number}", [1, 1, 1]) for number in range(12)
    ]


def test_arms_share_users_by_their_weights() -> None:
    arms = Counter(choose("shares", f"user-{number}", [3, 1]) for number in range(20_000))
    assert arms[0] / 20_000 == pytest.approx(0.75, abs=0.015)


def test_seeds_are_independent_of_each_other() -> None:
    users = [f"user-{number}" for number in range(20_000)]
    both = sum(choose("one", u, [1, 1]) == choose("two", u, [1, 1]) == 0 for u in users)
    assert both / len(users) == pytest.approx(0.25, abs=0.015)


def test_an_arm_without_weight_gets_nobody() -> None:
    assert {choose("none", f"user-{number}", [0, 1, 0]) for number in range(500)} == {1}


def test_no_positive_weight_is_an_error() -> None:
    with pytest.raises(ValueError, match="no arm has a positive weight"):
        choose("seed", "user", [0.0, 0.0])
