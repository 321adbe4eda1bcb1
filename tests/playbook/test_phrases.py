# ruff: noqa: RUF001 - characters that look like others are what is tested here
from itertools import product

import pytest

from tay_middleware.playbook.phrases import (
    MAX_CHOICES,
    MAX_PIECES,
    Spellings,
    inflections,
    parse,
)


def wordings(phrase: str, spellings: Spellings | None = None) -> list[str]:
    pieces = parse(phrase, spellings)
    choices = [(*piece.choices, ()) if piece.optional else piece.choices for piece in pieces]
    return sorted(
        {" ".join(word for part in chosen for word in part) for chosen in product(*choices)}
    )


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("my business", ["my business"]),
        ("(raise|put up) prices", ["put up prices", "raise prices"]),
        ("my own? shop", ["my own shop", "my shop"]),
        ("(big|bigger)? plan", ["big plan", "bigger plan", "plan"]),
        ("sew-in", ["sew in"]),
        ("What’s", ["what is", "what's", "whats"]),
        ("don't", ["do not", "don't", "dont"]),
        ("can't", ["can not", "can't", "cannot", "cant"]),
        ("i'm ready", ["i am ready", "i'm ready", "im ready"]),
        ("we're", ["we are", "we're"]),
        ("od'd", ["od would", "od'd"]),
        ("client's", ["client's", "clients"]),
        ("<number> clients", ["# clients"]),
        ("<money>", ["$"]),
        ("<number>% off", ["#% off"]),
        ("1:1", ["1_1"]),
    ],
)
def test_a_phrase_stands_for_exactly_these_wordings(phrase: str, expected: list[str]) -> None:
    assert wordings(phrase) == expected


def test_spellings_apply_to_every_word_and_to_its_inflections() -> None:
    spellings = {"business": ("biz",), "prices": ("prises",)}
    assert wordings("business", spellings) == ["biz", "business"]
    assert wordings("price~", spellings) == ["price", "priced", "prices", "pricing", "prises"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("price", ("price", "prices", "priced", "pricing")),
        ("plan", ("plan", "plans", "planned", "planning")),
        ("study", ("study", "studies", "studied", "studying")),
        ("launch", ("launch", "launches", "launched", "launching")),
        ("play", ("play", "plays", "played", "playing")),
        ("free", ("free", "frees", "freed", "freeing")),
        ("audit", ("audit", "audits", "audited", "auditing")),
    ],
)
def test_regular_inflections(word: str, expected: tuple[str, ...]) -> None:
    assert inflections(word) == expected


def test_context_is_marked_and_stands_at_the_ends() -> None:
    pieces = parse("[please] audit [my (shop|page)]")
    assert [piece.context for piece in pieces] == [True, False, True, True]


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("", "empty"),
        ("(a|b", "cannot be read"),
        ("a (b (c))", "cannot be read"),
        ("(a||b)", "an alternative is empty"),
        ("own?", "neither optional nor context"),
        ("[my]", "neither optional nor context"),
        ("a [b] c", "at the ends only"),
        ("stop <start>", "first only"),
        ("<end> stop", "last only"),
        ("<start> <end>", "neither optional nor context"),
        ("stop <end>?", "is not a word"),
        ("audit [my", "never closed"),
        ("[a [b] c", "inside another"),
        ("a_b", "is not a word"),
        ("it~", "three or more letters"),
        (" ".join(["word"] * (MAX_PIECES + 1)), "nobody repeats that"),
        (f"({'|'.join(f'w{at}' for at in range(MAX_CHOICES + 1))})", "split it"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_words(phrase: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refusal:
        parse(phrase)
    assert phrase[:20] in str(refusal.value)
