import pytest

from tay_middleware.playbook.repetition import repeats_a_repetition


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(?:(?:\w+)\s?)+!$",
        r"((\w+) ?)+ sell",
        r"(?:a(?:b|c(?:d*)))*",
        r"(?:\w+ ?){2,30}!",
        r"(?:x*?)+?",
        r"(?:(?i:no+))*",
        r"((a)|(b{3,}))*",
    ],
)
def test_a_repetition_that_is_repeated_is_found_at_any_depth(pattern: str) -> None:
    assert repeats_a_repetition(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:really |very )*",
        r"\w+ (?:a\s?)+",
        r"(?:\d+(?:\.\d+)?)?",
        r"(?:a{1,3})+",
        r"\(a\+\)\+",
        r"[(a+)+]+",
        r"don't (?:miss|wait)\b.*",
        "",
    ],
)
def test_what_repeats_no_repetition_may_stand(pattern: str) -> None:
    assert not repeats_a_repetition(pattern)
