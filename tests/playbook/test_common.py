"""Names of offers that replies about anything would say."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tay_middleware import naming
from tay_middleware.errors import Problem
from tay_middleware.playbook import Playbook, load_playbook

Spoil = Callable[[str, Callable[[str], str]], list[Problem]]
ALIASES = "aliases: [masterclass, master class]"


@pytest.mark.parametrize("alias", ["pricing", "the salon", "wig business", '"101"', "your clients"])
def test_a_common_word_is_no_name(spoil: Spoil, alias: str) -> None:
    found = spoil(
        "offers.yaml", lambda text: text.replace(ALIASES, f"aliases: [masterclass, {alias}]")
    )
    (said,) = (one.message for one in found if one.field == "masterclass.aliases.1")
    assert "is no name" in said
    others = {one.message for one in found if one.field != "masterclass.aliases.1"}
    assert others <= {"names another offer, 'masterclass': one offer in a wording"}


def test_a_common_word_is_no_name_of_the_offer_itself(spoil: Spoil) -> None:
    found = spoil(
        "offers.yaml", lambda text: text.replace("name: the masterclass", "name: the salon")
    )
    assert "masterclass.name" in {problem.field for problem in found}


@pytest.mark.parametrize("alias", ["Pricing 101", "The Blueprint", "Salon Lab", "masterclasses"])
def test_a_name_with_a_word_or_a_number_of_its_own_is_one(directory: Path, alias: str) -> None:
    path = directory / "offers.yaml"
    text = path.read_text().replace(ALIASES, f"aliases: [masterclass, {alias}]")
    path.write_text(text)
    offers = load_playbook(directory).offers
    names = {name: offer.names for name, offer in offers.items()}
    assert not naming.names_found("Start with pricing: what does an hour cost?", names)
    assert naming.names_found(f"It's in {alias}.", names) == {"masterclass"}


@pytest.mark.parametrize(
    "reply",
    [
        "Hire a junior and start mentoring her: one head a week, you watching.",
        "Sell one-on-one lessons to your regulars, an hour at your chair.",
        "Over the course of a month, try one to one bookings.",
    ],
)
def test_a_noun_that_is_anybodys_names_no_offer_in_a_reply(playbook: Playbook, reply: str) -> None:
    names = {name: offer.names for name, offer in playbook.offers.items()}
    assert not naming.names_found(reply, names)
