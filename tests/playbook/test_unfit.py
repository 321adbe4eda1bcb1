"""What passes the check can be shown: the check makes every mention that can be made."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tay_middleware.decide.replies import ReplyFacts
from tay_middleware.decide.templates import acknowledge, explain_mention, render
from tay_middleware.domain import Reason
from tay_middleware.errors import Problem
from tay_middleware.playbook import load_playbook
from tests.playbook.test_load import MENTORSHIP, replaced

Spoil = Callable[[str, Callable[[str], str]], list[Problem]]

LINK = "link: https://tay.example/mentorship"
DETAILS = "All the details are here: $link"


def edited(directory: Path, name: str, old: str, new: str) -> None:
    path = directory / name
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new, 1))


@pytest.mark.parametrize(
    "address",
    [
        "https://tay.example/m?ids=1,,2",
        "https://tay.example/m?x=20%25",
        "https://tay.example/next-level/promo",
        f"https://tay.example/m?utm_campaign={'x' * 300}",
    ],
)
def test_a_link_that_passes_the_check_is_shown_as_it_is(directory: Path, address: str) -> None:
    edited(directory, "offers.yaml", LINK, f"link: {address}")
    playbook = load_playbook(directory)
    for template in playbook.templates:
        said = render(template, playbook, "pricing", ReplyFacts())
        assert (address in said) is (template.offer == "mentorship" and "$link" in template.text)


def test_a_link_that_is_too_long_is_named(spoil: Spoil) -> None:
    long = f"link: https://tay.example/{'x' * 500}"
    (problem,) = spoil("offers.yaml", replaced(LINK, long))
    assert problem.field == "mentorship.link"
    assert problem.message == "a link of 520 characters; at most 500: shorten it"


@pytest.mark.parametrize("written", ["**$link**.", '\\"$link\\".', "https://tay.example/old."])
def test_a_link_that_could_not_be_shown_is_refused_by_the_check(spoil: Spoil, written: str) -> None:
    (problem,) = spoil(MENTORSHIP, replaced(DETAILS, f"All of it: {written}"))
    assert problem.field == "wordings.direct.any.A"
    assert "holds a link that is not the catalogue's" in problem.message


def test_a_price_of_the_catalogue_may_be_said(directory: Path) -> None:
    edited(directory, "offers.yaml", LINK, f"{LINK}\n  price: £500 a month")
    edited(directory, MENTORSHIP, DETAILS, "It is $price, and the details are here: $link")
    playbook = load_playbook(directory)
    said = render(playbook.by_id["mentorship.direct.any.A"], playbook, "pricing", ReplyFacts())
    assert "It is £500 a month, and the details are here: https://tay.example/mentorship" in said


def test_a_price_that_is_typed_out_is_told_where_it_belongs(spoil: Spoil) -> None:
    problems = spoil(MENTORSHIP, replaced(DETAILS, "It is £80, and it is all here: $link"))
    assert {problem.message for problem in problems} == {
        "breaks the conduct rule 'invented_price': '£8': write $price, and the price in offers.yaml"
    }


def test_a_topic_that_spoils_a_wording_is_found(spoil: Spoil) -> None:
    problems = spoil("topics.yaml", replaced("noun: sourcing", "noun: sourcing right now"))
    assert {problem.message for problem in problems} == {
        "breaks the conduct rule 'urgency': 'right now': say it without"
    }


def test_a_topic_that_names_another_offer_is_found_in_a_short_reading(spoil: Spoil) -> None:
    problems = spoil("topics.yaml", replaced("noun: growth", "noun: masterclass"))
    assert {problem.message for problem in problems} == {
        "names another offer, 'masterclass': one offer in a wording"
    }


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("(Hurry, ask for it.)", "breaks the conduct rule 'urgency'"),
        ("(One of mine: https://evil.example)", "a link that is not the catalogue's"),
        ("(One of mine", "does not end like a sentence"),
        ("($offer is mine.)", "nothing is filled in here: take the '$' out"),
        ("(One of mine 💛.)", "take the emoji out"),
    ],
)
def test_a_notice_is_held_to_what_a_wording_is(spoil: Spoil, new: str, said: str) -> None:
    (problem,) = spoil("voice.yaml", replaced("(That's one of my paid programs.)", new))
    assert problem.field == "disclosure.short"
    assert said in problem.message


def test_a_notice_that_is_chosen_says_something(spoil: Spoil) -> None:
    (problem,) = spoil(
        "voice.yaml",
        lambda text: text.replace("style: none", "style: short").replace(
            "(That's one of my paid programs.)", ""
        ),
    )
    assert problem.message == "'short' is empty: write it, or `style: none`"


def test_the_words_of_a_notice_are_counted(spoil: Spoil, directory: Path) -> None:
    (problem,) = spoil("voice.yaml", replaced("style: none", "style: full"))
    assert problem.field == "disclosure.full"
    assert problem.message == (
        "makes 53 words with the longest wording; at most 45: shorten it, or write `max_words: 53`"
    )
    edited(directory, "voice.yaml", "max_words: 45", "max_words: 53")
    assert load_playbook(directory).voice.disclosure.style == "full"


def test_a_short_notice_fits_every_wording_that_ships(directory: Path) -> None:
    edited(directory, "voice.yaml", "style: none", "style: short")
    playbook = load_playbook(directory)
    said = render(playbook.templates[0], playbook, None, ReplyFacts())
    assert said.endswith("(That's one of my paid programs.)")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("Heard you: I'll", "Heard you, $pet_name: I'll", "acknowledgements.0"),
        ("Heard you: I'll", "Heard you: about $offer, I'll", "acknowledgements.0"),
        ("your own situation,", "$topic,", "explanations.personalized_help"),
    ],
)
def test_what_is_empty_at_run_time_is_not_asked_for(
    spoil: Spoil, old: str, new: str, field: str
) -> None:
    (problem,) = spoil("voice.yaml", replaced(old, new))
    assert problem.field == field
    assert "is not known here: take it out" in problem.message


def test_what_is_said_of_ourselves_needs_nothing_else(directory: Path) -> None:
    playbook = load_playbook(directory)
    for who in range(9):
        assert acknowledge(playbook, str(who), ReplyFacts()) in playbook.voice.acknowledgements
    for reason in Reason:
        said = explain_mention(playbook, "course", reason, ReplyFacts())
        assert said.startswith("I brought up the course because")


def test_to_love_something_calls_nobody_by_a_pet_name(directory: Path) -> None:
    old = "For advanced strategies like this, a chat"
    edited(directory, MENTORSHIP, old, "I'd love to tell it all, as to any girl: a chat")
    assert any("to any girl" in one.text for one in load_playbook(directory).templates)
