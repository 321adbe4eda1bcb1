import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.decide.opinion import Opinion, blend, logit, opinion_of, probability
from tests.decide.opinions import an_opinion

CHANCES = st.floats(0, 1)


@given(st.floats(-500, 500))
def test_a_probability_is_between_0_and_1_for_any_score(score: float) -> None:
    assert 0 <= probability(score) <= 1


@given(CHANCES)
def test_logits_are_finite_and_lead_back(chance: float) -> None:
    assert probability(logit(chance)) == pytest.approx(chance, abs=2e-6)


@given(CHANCES, CHANCES, CHANCES)
def test_a_blend_lies_between_the_two(one: float, other: float, weight: float) -> None:
    mixed = blend(an_opinion(one), an_opinion(other), weight).escalate
    assert min(one, other) - 2e-6 <= mixed <= max(one, other) + 2e-6


def test_a_blend_takes_what_only_one_of_them_speaks_of() -> None:
    first = Opinion(0.5, {"course": 1.0}, 0.5, {})
    second = Opinion(0.5, {"course": 0.4, "mentorship": 0.6}, 0.5, {"minor": 0.9})
    both = blend(first, second, 0.7)
    assert both.gates["minor"] == pytest.approx(0.9)
    assert sum(both.offers.values()) == pytest.approx(1.0)


def test_outputs_by_name_become_an_opinion() -> None:
    named = {"escalate": 0.7, "on_topic": 0.9, "offer.a": 0.2, "offer.b": 0.6, "gate.g": 0.1}
    opinion = opinion_of(named)
    assert (opinion.escalate, opinion.on_topic, opinion.offer) == (0.7, 0.9, "b")
    assert opinion.offers == {"a": pytest.approx(0.25), "b": pytest.approx(0.75)}
    assert opinion.gates == {"g": 0.1}
