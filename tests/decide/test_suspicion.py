"""What a head suspects, and when no more than a guess is made of it."""

from dataclasses import replace

import pytest

from tay_middleware.decide.combine import Combiner
from tay_middleware.domain import Detection, Reason
from tests.builders import a_detection, no_need
from tests.decide.opinions import a_rule, an_opinion


def test_a_plain_wish_to_buy_is_not_held_back_by_a_faint_suspicion(combine: Combiner) -> None:
    rule = a_rule(gates={"refusal": 0.1, "distress": 0.1}, gates_stick_from=0.6)
    wish = a_detection(purchase=True, reason=Reason.PURCHASE_INTENT)

    def gates(**chances: float) -> tuple[str, ...]:
        return combine(wish, an_opinion(0.9, gates=chances), rule).gates

    assert gates(refusal=0.29) == ()
    assert gates(refusal=0.3) == ("perhaps_refusal",)
    assert gates(distress=0.2) == ("perhaps_distress",)
    asks = combine(a_detection(), an_opinion(0.9, gates={"refusal": 0.2}), rule)
    assert asks.gates == ("perhaps_refusal",)


def test_a_buyer_gets_her_link_unless_something_is_surely_amiss(combine: Combiner) -> None:
    rule = a_rule(gates={"conduct": 0.45}, gates_stick_from=0.6)
    wish = a_detection(purchase=True, reason=Reason.PURCHASE_INTENT)

    def gates(seen: Detection, chance: float) -> tuple[str, ...]:
        return combine(seen, an_opinion(0.9, gates={"conduct": chance}), rule).gates

    assert gates(wish, 0.59) == ()
    assert gates(wish, 0.6) == ("conduct",)
    assert gates(replace(a_detection(), scores={"total": 2.0}), 0.59) == ("perhaps_conduct",)


def test_where_phrases_find_much_of_a_need_that_something_is_amiss_is_no_more_than_a_guess(
    combine: Combiner,
) -> None:
    rule = a_rule(gates={"conduct": 0.3, "distress": 0.3}, gates_stick_from=0.6)
    little, much = (replace(a_detection(), scores={"total": total}) for total in (2.9, 3.0))

    def gates(seen: Detection, **chances: float) -> tuple[str, ...]:
        return combine(seen, an_opinion(0.9, gates=chances), rule).gates

    assert gates(little, conduct=0.5) == ("perhaps_conduct",)
    assert gates(much, conduct=0.5) == ()
    assert gates(much, conduct=0.6) == ("conduct",)
    assert gates(much, distress=0.5) == ("perhaps_distress",)  # a head that knows what it is


@pytest.mark.parametrize("gate", ["refusal", "opt_out"])
def test_a_plain_no_is_all_that_is_amiss(combine: Combiner, gate: str) -> None:
    rule = a_rule(gates={"conduct": 0.3, "complaint": 0.3}, gates_stick_from=0.6)
    said = no_need(gates=(gate,))
    sure = combine(said, an_opinion(0.1, gates={"conduct": 0.9, gate: 0.9}), rule)
    assert sure.gates == (gate,)
    by_its_head = a_rule(gates={"conduct": 0.3, gate: 0.3}, gates_stick_from=0.6)
    chances = {"conduct": 0.9, gate: 0.9}
    assert combine(no_need(), an_opinion(0.1, gates=chances), by_its_head).gates == (gate,)
    angry = combine(said, an_opinion(0.1, gates={"conduct": 0.9, "complaint": 0.9}), rule)
    assert "complaint" in angry.gates


def test_what_the_words_speak_against_is_not_suspected(combine: Combiner) -> None:
    rule = a_rule(gates={"minor": 0.1}, gates_stick_from=0.6)
    grown_up = replace(a_detection(), spoken_against=("minor",))
    assert combine(grown_up, an_opinion(gates={"minor": 0.59}), rule).gates == ()
    assert combine(grown_up, an_opinion(gates={"minor": 0.6}), rule).gates == ("minor",)
