"""Edits that would show something wrong: articles, marks, addresses, prices, steps."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tay_middleware.errors import Problem
from tay_middleware.playbook import load_playbook
from tests.playbook.test_load import MENTORSHIP, replaced
from tests.playbook.test_unfit import DETAILS, LINK, edited

Spoil = Callable[[str, Callable[[str], str]], list[Problem]]

GENTLE = (
    "A business tells you more when somebody stays with it over time. That's more than a chat can "
    "do, and it's what $offer is for, if you ever want it."
)
PLAIN = "That deeper look is $offer, if you ever want it."


def told(spoil: Spoil, new: str) -> str:
    """What the check says of a gentle wording."""
    found = spoil(MENTORSHIP, replaced(GENTLE, new.replace('"', '\\"')))
    assert {problem.field.removesuffix(".text") for problem in found} == {"wordings.gentle.any.B"}
    return " ".join(problem.message for problem in found)


@pytest.mark.parametrize(
    "new",
    [
        "For a $topic plan, $offer is for that.",
        "Your $topic deserves more than a chat, and $offer is for that.",
        "Your own $topic deserves more than a chat, and $offer is for that.",
        "Going deeper on the $topic side is what $offer is for.",
        "I hear you, my $pet_name, and $offer is for that.",
        "I hear you, my ${pet_name}, and $offer is for that.",
    ],
)
def test_no_article_stands_before_what_brings_its_own(spoil: Spoil, new: str) -> None:
    assert "it may be 'your clients', or nothing" in told(spoil, new)


@pytest.mark.parametrize(
    "new",
    [
        f"# {PLAIN}",
        f"> {PLAIN}",
        f"1. {PLAIN}",
        f"| {PLAIN}",
        "That deeper look is `$offer, if you ever want it.",
        "That deeper look is *$offer, if you ever want it.",
        "That deeper look is __$offer_, if you ever want it.",
        "That deeper look is $offer <!-- if you ever want it.",
        "That deeper look is <b>$offer</b>, if you ever want it.",
        "That deeper look is $offer, {{ name }}, if you ever want it.",
        "That deeper look is $offer, [insert name], if you ever want it.",
    ],
)
def test_no_mark_is_left_open_or_over(spoil: Spoil, new: str) -> None:
    found = told(spoil, new.replace("$offer_", "${offer}_"))
    assert any(part in found for part in ("begins like", "holds", "does not close it"))


@pytest.mark.parametrize("new", ["That look is **$offer**, if you like.", "At 2.5 hours, $offer."])
def test_what_is_closed_is_shown(directory: Path, new: str) -> None:
    edited(directory, MENTORSHIP, GENTLE, new)
    assert new in {one.text for one in load_playbook(directory).templates}


@pytest.mark.parametrize(
    "address",
    [
        "tay.example/mentorship",
        "mailto:tay@x.com",
        "tay@x.com",
        "@tay",
        "07700 900123",
        "+44 (0) 7700 900-123",
        "https://tay.example/old",
    ],
)
def test_nothing_leads_elsewhere(spoil: Spoil, address: str) -> None:
    found = spoil(MENTORSHIP, replaced(DETAILS, f"The details are at {address} for you."))
    assert [problem.field for problem in found] == ["wordings.direct.any.A"]
    assert "a link that is not the catalogue's" in found[0].message


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8000/x",
        "http://127.0.0.1/x",
        "https://10.0.0.8",
        "https://shop",
        "https://a.local",
    ],
)
def test_a_link_is_one_that_users_can_open(spoil: Spoil, address: str) -> None:
    (problem,) = spoil("offers.yaml", replaced(LINK, f"link: {address}"))
    assert problem.message == "nobody else can open this address: write the public one"


@pytest.mark.parametrize("price", ["from £97 (only today)", "£97, half price", "£97, last chance"])
def test_a_price_breaks_no_other_rule(spoil: Spoil, price: str) -> None:
    found = spoil("offers.yaml", replaced(LINK, f"{LINK}\n  price: '{price}'"))
    assert "mentorship.price" in {problem.field for problem in found}


def test_an_acknowledgement_names_no_offer(spoil: Spoil) -> None:
    new = "Fair enough, though the mentorship would really help you."
    old = "Fair enough, I'll leave my programs out of it from here. Say the word if that ever"
    old += " changes."
    (problem,) = spoil("voice.yaml", replaced(old, new))
    assert problem.field == "acknowledgements.2"
    assert "names the offer 'mentorship'" in problem.message


def test_an_explanation_says_that_it_is_paid(spoil: Spoil) -> None:
    old = "it's one of my paid programs, and you can ignore it."
    (problem,) = spoil("voice.yaml", lambda text: text.replace(old, "you can ignore it.", 1))
    assert problem.field == "explanations.personalized_help"
    assert "does not say that it is paid" in problem.message


@pytest.mark.parametrize(
    "new",
    [
        "Join $offer from my bio, and have a think there.",
        "Have a think, and book your seat in $offer.",
        "That look is $offer: dm me about it.",
    ],
)
def test_a_gentle_wording_names_no_next_step(spoil: Spoil, new: str) -> None:
    assert "a gentle wording names no next step" in told(spoil, new)
