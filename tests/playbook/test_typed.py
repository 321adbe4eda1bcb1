"""Names of offers that are typed out, and what the check notes without refusing it."""

from dataclasses import replace

import pytest

from tay_middleware.playbook import Offer, Playbook
from tay_middleware.playbook.notes import notes
from tay_middleware.playbook.typed import badly_typed


@pytest.mark.parametrize(
    ("offer", "text", "said"),
    [
        ("mentorship", "We go deeper if you join mentorship.", "without an article"),
        ("mentorship", "Mentorship is there, whenever you like.", "without an article"),
        ("mentorship", "In my shop, mentorship is the place for it.", "without an article"),
        ("mentorship", "$offer and mentor program are there.", "without an article"),
        ("masterclass", "It's in our masterclasses, if you like.", "in the plural"),
        ("course", "It's in our courses, if you like.", "in the plural"),
        ("course", "That's what wig course is for.", "without an article"),
    ],
)
def test_a_name_that_reads_badly_is_told(
    playbook: Playbook, offer: str, text: str, said: str
) -> None:
    (told,) = set(badly_typed(text, playbook.offers[offer]))
    assert said in told
    assert told.endswith("write $offer")


@pytest.mark.parametrize(
    ("offer", "text"),
    [
        ("mentorship", "We go deeper in $offer, whenever you like."),
        ("mentorship", "We go deeper in the mentorship, whenever you like."),
        ("mentorship", "That's my own hands-on mentorship, if you like."),
        ("course", "Of course $offer is there, over the course of a month, or of courses."),
        ("course", "$offer is an online course, whenever you like."),
    ],
)
def test_a_name_that_reads_well_may_be_typed(playbook: Playbook, offer: str, text: str) -> None:
    assert list(badly_typed(text, playbook.offers[offer])) == []


def test_a_proper_name_needs_no_article(playbook: Playbook) -> None:
    school = playbook.offers["course"].model_copy(update={"name": "Wig School", "aliases": ()})
    assert list(badly_typed("We go deeper in Wig School.", school)) == []


def with_course(playbook: Playbook, **values: object) -> list[str]:
    changed = playbook.offers["course"].model_dump(mode="json") | values
    offers = {**playbook.offers, "course": Offer.model_validate(changed)}
    return list(notes(replace(playbook, offers=offers)))


def test_the_playbook_that_ships_has_nothing_to_note(playbook: Playbook) -> None:
    assert list(notes(playbook)) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"price": "£49"}, "the price of 'course' is never said: no wording of it has $price"),
        ({"name": "wig course"}, "write 'the wig course'"),
        ({"name": "our wig courses"}, "wordings will say 'our wig courses is' of 'course'"),
    ],
)
def test_what_may_be_a_slip_in_the_catalogue_is_noted(
    playbook: Playbook, values: dict[str, str], said: str
) -> None:
    (note,) = with_course(playbook, **values)
    assert said in note


@pytest.mark.parametrize("name", ["the Wig School", "Wig School", "tay's wig school"])
def test_a_name_that_can_be_said_is_not_noted(playbook: Playbook, name: str) -> None:
    assert with_course(playbook, name=name) == []


def test_what_is_paused_is_noted(playbook: Playbook) -> None:
    paused = {"paused_offers": ("course",), "paused_templates": ("mentorship.gentle.any.A",)}
    policy = playbook.policy.model_copy(update=paused)
    offer, wording = notes(replace(playbook, policy=policy))
    assert offer == (
        "policy.yaml: 'course' is paused and never mentioned, until you take it out there"
    )
    assert wording.startswith("policy.yaml: 'mentorship.gentle.any.A' is paused and never shown")


def test_a_wording_in_another_language_is_noted(playbook: Playbook) -> None:
    first, *others = playbook.templates
    spanish = "Una técnica es orden y práctica. $offer te lo enseña, cuando quieras."
    changed = replace(playbook, templates=(replace(first, text=spanish), *others))
    (told,) = notes(changed)
    assert told.startswith(f"{first.file}: wordings.")
    assert "does not read as 'en'" in told


def test_mentions_to_anybody_are_noted(playbook: Playbook) -> None:
    policy = playbook.policy.model_copy(update={"not_allowed": ()})
    (told,) = notes(replace(playbook, policy=policy))
    assert told.startswith("policy.yaml: nothing stands under not_allowed")


def test_a_word_that_a_topic_says_again_is_noted(playbook: Playbook) -> None:
    first, *others = playbook.templates
    said = "With $topic your clients decide. We look at that in $offer, whenever you like."
    told = list(notes(replace(playbook, templates=(replace(first, text=said), *others))))
    assert [line.partition(" says ")[2] for line in told] == [
        "'clients' twice where $topic is 'your clients': take another word"
    ]
