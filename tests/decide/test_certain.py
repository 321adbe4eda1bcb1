"""What a learned head may neither open nor close by itself."""

import pytest

from tay_middleware.decide.combine import Combiner
from tay_middleware.decide.detect import Detector
from tay_middleware.decide.offers import Catalogue
from tay_middleware.domain import Message
from tay_middleware.playbook import Playbook
from tay_middleware.playbook.cascade import StageRule
from tests.decide.opinions import an_opinion

PLAN = "Could you review my own pricing and help me build a strategy for my salon, one on one?"


@pytest.fixture
def combine(playbook: Playbook) -> Combiner:
    return Combiner(0.1, Catalogue(playbook.offers, playbook.indicators.groups))


@pytest.mark.parametrize(
    ("clause", "gate"),
    [
        ("I feel suicidal.", "distress"),
        ("I want to end it all.", "distress"),
        ("I just want to die.", "distress"),
        ("My husband beats me.", "distress"),
        ("I'm scared of my husband.", "distress"),
        ("I'm 15 and saving for it.", "minor"),
        ("I'm in high school.", "minor"),
    ],
)
def test_half_a_sentence_that_means_nothing_else_outweighs_every_score(
    detector: Detector, combine: Combiner, playbook: Playbook, clause: str, gate: str
) -> None:
    seen = detector.detect(f"{PLAN} {clause}")
    assert gate in seen.certainly
    sure_of_a_need = an_opinion(0.99, gates={gate: 0.001})
    made = combine(seen, sure_of_a_need, playbook.policy.cascade.encoder)
    assert (made.escalate, gate in made.gates) == (False, True)


@pytest.mark.parametrize(
    ("said", "before", "suspected"),
    [
        ("How can I grow my wig business?", (), False),
        ("My form tutor says I need a business plan for my wigs", (), True),
        ("How can I grow my wig business?", ("I'm revising for my mocks",), True),
        ("How can I grow my wig business?", ("I run a shop in Leeds",), False),
    ],
)
def test_a_head_takes_nobody_for_a_minor_who_says_nothing_of_it(
    detector: Detector, combine: Combiner, said: str, before: tuple[str, ...], suspected: bool
) -> None:
    transcript = [Message("user", text) for text in before]
    seen = detector.detect(said, transcript)
    assert ("minor" not in seen.unsuspected) is suspected
    rule = StageRule.model_validate({"gates": {"minor": 0.2}, "gates_stick_from": 0.6})
    made = combine(seen, an_opinion(0.9, gates={"minor": 0.5}), rule)
    assert (made.gates == ("perhaps_minor",)) is suspected
