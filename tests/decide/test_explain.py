from dataclasses import replace

import pytest

from tay_middleware.decide import Circumstances, ReplyFacts, decide, flips
from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import Detection, History, Kind, Reason, Stage
from tay_middleware.playbook import Playbook
from tests.builders import a_turn

POLICY = "policy.yaml asks for"
FOLLOWS = " of words that only what was said before makes ours"


def a_detection(
    *,
    need: bool = False,
    total: float = 0.0,
    least: float | None = None,
    follows: bool = False,
) -> Detection:
    return Detection(
        escalate=need,
        need=need,
        offer="mentorship" if need else None,
        reason=Reason.STRATEGIC if need else None,
        stage=Stage.KEYWORDS if least is None else Stage.MODEL,
        scores={"total": total},
        confidence=None if least is None else 0.2988,
        least=least,
        follows=follows,
    )


def told(detection: Detection, playbook: Playbook) -> str:
    around = Circumstances(stateless=True)
    (line,) = flips(decide(a_turn(), detection, History(), playbook, around), playbook)
    return line


@pytest.mark.parametrize(
    ("detection", "line"),
    [
        (a_detection(least=0.4), f"the probability is 0.2988; {POLICY} 0.4"),
        (
            a_detection(least=0.45, follows=True),
            f"the probability is 0.2988; {POLICY} 0.45{FOLLOWS}",
        ),
        (
            a_detection(need=True, least=0.15),
            "with a probability below 0.15 it would not show; it is 0.2988",
        ),
    ],
    ids=["plain", "a follow-up", "a yes"],
)
def test_the_limit_is_told_that_was_applied(
    detection: Detection, line: str, playbook: Playbook
) -> None:
    assert told(detection, playbook) == line


def test_a_score_that_is_enough_is_told_what_else_it_lacked(playbook: Playbook) -> None:
    least = playbook.policy.threshold.min_score
    short = told(a_detection(total=least - 0.1), playbook)
    assert short == f"the score is {least - 0.1:g}; the threshold of policy.yaml is {least:g}"
    enough = told(a_detection(total=least), playbook)
    assert enough.startswith(f"the score is {least:g}, which is enough; ")
    assert f"asks for {playbook.policy.threshold.indicators} indicators" in enough


def test_what_a_closed_gate_holds_back_is_not_said_to_show(playbook: Playbook) -> None:
    gated = replace(a_detection(need=True), escalate=False, gates=("off_topic",))
    cut = Circumstances(reply=ReplyFacts(obstacle=Obstacle.TRUNCATED))
    decision = decide(a_turn(), gated, History(), playbook, cut)
    assert (decision.kind, decision.suppressed) == (Kind.NONE, None)
    assert flips(decision, playbook) == ("without off_topic it would escalate to mentorship",)
    owner = decide(a_turn(owns=frozenset({"mentorship"})), gated, History(), playbook, cut)
    assert flips(owner, playbook) == (
        "without off_topic it would be held back all the same, by owns_offer",
        "it would show to somebody who does not own mentorship",
    )
