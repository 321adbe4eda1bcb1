"""A message that only asks after what is ours is answered with it, whatever a scorer thinks."""

from collections.abc import Sequence

import pytest

from tay_middleware.decide.combine import Combiner
from tay_middleware.decide.detect import Detector
from tay_middleware.decide.fillers import without_fillers
from tay_middleware.decide.offers import Catalogue
from tay_middleware.domain import Reason
from tay_middleware.playbook import Playbook
from tay_middleware.playbook.cascade import StageRule
from tests.decide.opinions import an_opinion


@pytest.mark.parametrize(
    ("said", "offer"),
    [
        ("what programs do you offer?", "mentorship"),
        ("Do you have any courses?", "course"),
        ("tell me more about your masterclass please", "masterclass"),
        ("hey Tay! do you do one to one coaching", "mentorship"),
        ("I'm interested in your programs", "mentorship"),
        ("I need a mentor for my wig business", "mentorship"),
        ("do you have a course for braiding?", "course"),
        ("which of your courses would help me most?", "course"),
    ],
)
def test_a_question_after_what_is_ours_asks_to_buy_it(
    detector: Detector, said: str, offer: str
) -> None:
    found = detector.detect(said)
    assert found.enquires
    assert (found.offer, found.reason) == (offer, Reason.PURCHASE_INTENT)


@pytest.mark.parametrize(
    "said",
    [
        "what services do you offer is what every client asks me, how do I answer",
        "how much is your course? my dad said he'd go halves if I get my grades",
        "tell me about the lace you mentioned",
        "no more about your programs please",
        "looking for a mentor. I've run the team eight months. Software, payments, five engineers",
    ],
)
def test_what_only_begins_like_one_is_judged_like_any_message(
    detector: Detector, said: str
) -> None:
    assert not detector.detect(said).enquires


@pytest.mark.parametrize(
    ("said", "plainly"),
    [
        ("do you have like a course", "do you have a course"),
        ("do you do, like, a masterclass or something?", "do you do a masterclass?"),
        ("um do you have a course", "do you have a course"),
        ("do you maybe have any kind of coaching", "do you have any coaching"),
        ("do you have some sort of mentorship", "do you have some mentorship"),
        ("love that, um, do you have a course?", "love that, do you have a course?"),
        ("tell me about your, like, mentorship", "tell me about your mentorship"),
        ("do you have a course for beginners, or something like that", "do you have a course"),
        ("i'd like to, um, know about your mentorship", "i'd like to know about your mentorship"),
        ("do you like have a course for people like me", "do you have a course for people like me"),
    ],
)
def test_what_says_nothing_is_passed_over(detector: Detector, said: str, plainly: str) -> None:
    found, plain = detector.detect(said), detector.detect(plainly)
    assert (found.enquires, found.offer) == (True, plain.offer)
    assert plain.enquires


@pytest.mark.parametrize(
    "said",
    [
        "do you like your course",
        "do you know a good course",
        "do you have a course like the one at Sassoon?",
        "do you have like any tips for edges",
        "my client asked do you have like a course",
        "no more about like your programs please",
        "don't tell me about, like, your course",
        "I love it when they, um, ask do you have a course",
        f"do you have like a course {'for my salon in Leeds with four chairs ' * 5}",
    ],
)
def test_without_what_says_nothing_it_is_still_no_enquiry(detector: Detector, said: str) -> None:
    assert not detector.detect(said).enquires


def test_where_it_means_something_it_is_not_passed_over(detector: Detector) -> None:
    ways = {
        said: list(without_fillers(detector.read(said)))
        for said in ("I'd like a course", "as I like", "what do you know", "or something new", "hi")
    }
    assert not any(ways.values())
    assert list(without_fillers(detector.read("Ok, um, do you, like?"))) == [
        "ok do you ?",
        "ok, , do you, ?",
    ]


def test_what_is_long_is_not_read_again(detector: Detector) -> None:
    assert list(without_fillers(detector.read("um " + "wig " * 40))) == []


HEADS: Sequence[str] = ("refusal", "opt_out", "complaint", "injection", "owner", "conduct")


@pytest.mark.parametrize("head", HEADS)
def test_no_learned_head_takes_an_enquiry_for_a_no(
    detector: Detector, playbook: Playbook, head: str
) -> None:
    combine = Combiner(0.1, Catalogue(playbook.offers, playbook.indicators.groups))
    rule = StageRule.model_validate({"gates": {head: 0.3, "minor": 0.3}})
    seen = detector.detect("what courses do you offer?")
    made = combine(seen, an_opinion(0.001, on_topic=0.01, gates={head: 0.9}), rule)
    assert (made.escalate, made.purchase, made.offer, made.gates) == (True, True, "course", ())
    strict = StageRule.model_validate({"gates": {"distress": 0.3}})
    hurt = combine(seen, an_opinion(0.001, gates={head: 0.9, "distress": 0.9}), strict)
    assert (hurt.escalate, hurt.gates) == (False, ("distress",))
