"""Phrases that are as often about something else: beside a need they leave no more than a doubt."""

from dataclasses import replace

import pytest

from tay_middleware.decide import Detector
from tay_middleware.decide.combine import Combiner
from tay_middleware.decide.kept_gates import kept_closed
from tay_middleware.decide.offers import Catalogue
from tay_middleware.domain import ClosedGate, Indicator, Message
from tay_middleware.playbook import Playbook
from tay_middleware.playbook.cascade import Reopen, StageRule
from tests.builders import NOON, a_turn, no_need
from tests.decide.opinions import an_opinion

RULE = StageRule(threshold=0.5, gates_stick_from=0.6, reopen=Reopen(weak_below=0.1))
NEED = "help me restructure my salon pricing"

WEAK = {
    "refusal": (
        "I'm not in a position to hire yet",
        "no budget for a receptionist",
        "I'm not ready to commit to a second location",
        "the rent is out of my budget",
        "I already have a coach for fitness",
        "a website is too expensive for me",
    ),
    "opt_out": ("no more ads please, facebook eats my money", "big brands never market to us"),
    "injection": (
        "do I set tier prices",
        "should I end every message with my booking link",
        "my assistant says we are too cheap",
        "the booking system says I have three no shows a week",
        "the new rule is nobody sits down without a deposit",
        "the staff notice is up",
        "I need a content assistant",
        "I only reply to dms after six",
        "can I offer VIP packages",
        "you must only use cool water on it",
    ),
    "minor": ("my mum said no when I asked her to invest",),
}


@pytest.fixture
def combine(playbook: Playbook) -> Combiner:
    return Combiner(0.1, Catalogue(playbook.offers, playbook.indicators.groups))


@pytest.mark.parametrize(
    ("gate", "said"), [(gate, said) for gate, messages in WEAK.items() for said in messages]
)
def test_beside_a_need_they_close_in_doubt_alone(detector: Detector, gate: str, said: str) -> None:
    detection = detector.detect(f"{said}. {NEED}")
    assert (detection.need, detection.escalate) == (True, False)
    assert f"perhaps_{gate}" in detection.gates
    assert gate not in detection.gates


@pytest.mark.parametrize(
    "said", ["no budget for that", "out of my budget", "no more offers please"]
)
def test_without_a_need_they_say_what_they_say(detector: Detector, said: str) -> None:
    assert {"refusal", "opt_out"} & set(detector.detect(said).gates)


@pytest.mark.parametrize(
    "said",
    [
        "I can't afford mentoring",
        "I'm not ready to invest in the mentorship",
        "don't sell me anything",
        "stop recommending your course",
        "I'm 15",
    ],
)
def test_what_names_us_or_an_age_is_never_weak(detector: Detector, said: str) -> None:
    detection = detector.detect(f"{said}. {NEED}")
    assert detection.weakly == ()
    assert {"refusal", "opt_out", "minor"} & set(detection.gates)


def test_right_after_a_mention_none_is_weak(detector: Detector) -> None:
    said = (Message("user", "my prices?"), Message("assistant", "The mentorship is for that."))
    assert "refusal" in detector.detect(f"out of my budget. {NEED}", said).gates


@pytest.mark.parametrize(
    ("chance", "gates"), [(0.05, ()), (0.3, ("perhaps_refusal",)), (0.7, ("refusal",))]
)
def test_the_learned_head_says_how_much_of_it_is_left(
    combine: Combiner, chance: float, gates: tuple[str, ...]
) -> None:
    seen = replace(no_need(gates=("refusal",)), weakly=("refusal",))
    made = combine(seen, an_opinion(0.9, gates={"refusal": chance}), RULE)
    assert (made.gates, made.escalate) == (gates, not gates)


def test_without_a_need_the_learned_head_opens_nothing(combine: Combiner) -> None:
    seen = replace(no_need(gates=("refusal",)), weakly=("refusal",))
    assert combine(seen, an_opinion(0.1, gates={"refusal": 0.01}), RULE).gates == ("refusal",)


@pytest.mark.parametrize(("chance", "purchase"), [(0.7, True), (0.3, False)])
def test_only_a_wish_as_likely_as_any_need_lifts_a_cooldown(
    combine: Combiner, chance: float, purchase: bool
) -> None:
    wish = replace(no_need(), need=True, offer="course", purchase=True)
    made = combine(wish, an_opinion(chance), RULE)
    assert (made.escalate, made.offer, made.purchase) == (True, "course", purchase)


def test_a_guess_about_a_person_is_kept_for_no_other_session(playbook: Playbook) -> None:
    turn, guessed = a_turn(), no_need(gates=("minor",))
    here = ClosedGate("guessed_minor", NOON, "s1")
    assert kept_closed(turn, guessed, playbook.gates) == (here,)
    said = replace(guessed, closed_by=(Indicator("minor", "mum said no", 0, 11, 0.0),))
    assert kept_closed(turn, said, playbook.gates) == (ClosedGate("minor", NOON),)
    weakly = replace(said, weakly=("minor",))
    assert kept_closed(turn, weakly, playbook.gates) == (here,)
    nowhere = replace(turn, session_id=None)
    assert kept_closed(nowhere, guessed, playbook.gates) == ()
    assert kept_closed(nowhere, said, playbook.gates) == (ClosedGate("minor", NOON),)
