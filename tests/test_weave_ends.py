"""Endings of a reply below which a paragraph would be misread."""

import time

import pytest

from tay_middleware import weave

BODY = "Start with your costs, then your hours.\n\n"


@pytest.mark.parametrize(
    "ending",
    [
        "Lots of love,\nTay x",
        "Big hug,\n\nTay \U0001f495",
        "Love,\r\nTay xx",
        "\u2013 Tay",
        "\u2014Tay xx",
        "Tay xx",
        "*Tay*",
        "**Tay AI** \U0001f495",
        "xoxo",
        "Love, Tay",
        "Big hugs, Tay \U0001f49b",
        "Add it all up. All my love, Tay x",
        "Your big sis,\n**Tay**",
        "Onwards,\nT.",
        "Cheers!\nTay AI",
        "- Tay",
        "~ Tay x",
        "Here's what I'd send your regulars:",
        "**Send this:**",
        "## Next steps",
        "**Do this first: write down your costs",
        "Which one first?\n\nA) your costs\nB) your prices\nC) the message",
    ],
)
def test_nothing_is_added_there(ending: str) -> None:
    assert weave.addition(BODY + ending, "That's the mentorship.") is None


@pytest.mark.parametrize(
    "ending",
    [
        "Two things, babes.",
        "You've got this, Maya \U0001f49b",
        "First costs, then Sundays",
        "Buy one thing:\n\n- Lace",
        "Buy these:\n\n- Lace\n\n- Glue",
        "It is this:\n\nPatience",
        "| day | done |\n|---|---|\n| Monday | x |",
        "You know the answer: raise it.\n\n---",
        "**Price.** Put it up.\n**Hours.** Keep them.",
        "Buy these:\n\n\u2013 Lace\n\u2013 Glue",
        "Buy these:\n- Lace\n- Glue",
        "First the sums,\nthen the prices.",
        "In Python it is `2**3`, love.",
        "```python\nprint(2 ** 3)\n```",
        "You've got this \U0001f49b",
        "1. Write it down.\n2. Add it up.",
    ],
)
def test_plain_endings_have_a_place(ending: str) -> None:
    assert weave.has_place(BODY + ending)


@pytest.mark.parametrize("piece", ["**", "` ", "\n", "a, ", "\u2013 a", "A) "])
def test_the_end_of_a_long_reply_is_judged_in_linear_time(piece: str) -> None:
    began = time.process_time()
    weave.has_place("a " + piece * (200_000 // len(piece)))
    assert time.process_time() - began < 2.0
