"""Who said stop and then asks to buy is answered, as the confirmation of the stop says."""

from dataclasses import replace
from datetime import timedelta

from tay_middleware.decide import Circumstances, Detector, decide
from tay_middleware.domain import Indicator, Kind, Suppression
from tay_middleware.playbook import Playbook
from tests.builders import a_detection, a_history, a_turn

STOPPED = a_history(opted_out_ago=timedelta(days=20))


def test_who_asks_to_buy_after_a_stop_is_answered(detector: Detector, playbook: Playbook) -> None:
    for question in ("how much is the mentorship?", "I want to buy the course, where do I pay?"):
        seen = detector.detect(question)
        decision = decide(a_turn(question), seen, STOPPED, playbook, Circumstances())
        assert (decision.shown, decision.suppressed) == (True, None)
        assert not seen.opts_in


def test_any_other_need_is_still_held_back(playbook: Playbook) -> None:
    decision = decide(a_turn(), a_detection(), STOPPED, playbook, Circumstances())
    assert decision.suppressed is Suppression.OPTED_OUT


def test_a_stop_in_the_same_message_counts_more_than_a_wish_for_what_it_stops(
    playbook: Playbook,
) -> None:
    """What is asked in another clause is answered: see `test_talking_back`."""
    both = a_detection(purchase=True, escalate=False, gates=("opt_out",))
    both = replace(both, closed_by=(Indicator("opt_out", "stop", 0, 4, 0.0),))
    decision = decide(a_turn(), both, a_history(), playbook, Circumstances())
    assert (decision.kind, decision.suppressed) == (Kind.ACKNOWLEDGEMENT, Suppression.OPTED_OUT)
