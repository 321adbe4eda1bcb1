"""A message that only asks after what is ours is answered with it, whatever a scorer thinks."""

from collections.abc import Sequence

import pytest

from tay_middleware.decide.combine import Combiner
from tay_middleware.decide.detect import Detector
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
