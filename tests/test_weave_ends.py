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
        "\u2014 your mentor",
        "\u2014 big sis",
        "\u2014 tay ai",
        "\u2014 Tay \xe9lise",
        "\u2014 Tay, your mentor",
        "Love \U0001f49b,\nTay",
        "xx,\nTay",
        "Lots of love\nTay x",
        "Love\nTay",
        "Talk soon! Tay x",
        "You've got this. Tay xx",
        "Until then, Tay x",
        "Love, Tay.",
        "Love, Tay!",
        "Love,\nTay.",
        "\U0001f49b Tay",
        "xx Tay",
        "xoxo, Tay",
        "Love, tay x",
        "tay x",
        "Tay <3",
        "Besos, Tay",
        "Much love, big sis Tay",
        "Love, \xc9lodie",
        "\xc9lodie",
        "With love, \u0141ucja x",
        "Hugs! Tay",
        "~Tay~",
        "\u2014\nTay",
        "---\nTay",
        "- Call her\n- Raise it\n\n\u2014 Tay",
        "Here's what I'd send your regulars:",
        "**Send this:**",
        "## Next steps",
        "**Do this first: write down your costs",
        "Which one first?\n\nA) your costs\nB) your prices\nC) the message",
        "The first thing to do is to sit down with",
        "Add your hours,",
        "Put it up by ten percent and",
        "Start with the",
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
        "Sending you so much love, Maya",
        "Here is the order.\n\nTuesday",
        "Remember,\nprogress",
        "Remember,\nProgress",
        "Steps:\n- one\n  more\n- Two",
        "1. Costs\n   - Rent",
        "Love,\nwhich matters most",
        "Honestly,\nit is fine",
        "Do the sums!\nTuesday",
        "Do this\n- Call her",
        "One word.\n\nConsistency.",
        "Go for option A",
        "That's what a deposit is for",
        "Look here: https://x.example/the",
    ],
)
def test_plain_endings_have_a_place(ending: str) -> None:
    assert weave.has_place(BODY + ending)


@pytest.mark.parametrize(
    "ending",
    [
        "Tay.",
        "Proud of you, always. Tay",
        "Tay out.",
        "Yours,\nTay\nMentor",
        "With love and belief in you,\nTay",
        "You've got this \U0001f49b Tay",
        "Talk soon \u2014 Tay",
        "Sending so much love to you, Tay",
    ],
)
def test_a_given_name_is_a_signature_wherever_it_ends(ending: str) -> None:
    assert not weave.has_place(BODY + ending, {"tay"})


@pytest.mark.parametrize(
    "ending", ["You've got this, Maya", "Ask Tay which of the two to buy first"]
)
def test_a_given_name_closes_nothing_else(ending: str) -> None:
    assert weave.has_place(BODY + ending, {"tay"})


PIECES = ["**", "` ", "\n", "a, ", "\u2013 a", "A) ", "- a\n", "x ", "love, ", "_", "\U0001f49b"]


@pytest.mark.parametrize("piece", PIECES)
def test_the_end_of_a_long_reply_is_judged_in_linear_time(piece: str) -> None:
    text = "a " + piece * (200_000 // len(piece)) + "b"  # what stands at the margin is stripped
    began = time.process_time()
    weave.has_place(text, {"tay"})
    assert time.process_time() - began < 2.0
