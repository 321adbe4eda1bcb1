"""Replies woven by the real surface, at once and in pieces: what the conduct checks are tried on.

A judge that finds a need in everything stands in for the detector, so that every reply gets a
mention that can get one.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tay_middleware import weave
from tay_middleware.decide.cascade import Judgement
from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import Detection, Reason, Stage, Turn
from tay_middleware.engine import Escalator, Reply
from tay_middleware.evals.conduct import Exchange
from tay_middleware.evals.mutations import REPLIES, UNFIT
from tay_middleware.evals.play import throwaway_engine
from tay_middleware.langchain import EscalationStep, ScriptedChatModel
from tay_middleware.playbook import Playbook

QUESTION = "Can you go over my price list with me and tell me what is wrong with it?"


class _Always:
    """Finds the same need in everything."""

    def __init__(self, offer: str) -> None:
        self._offer = offer

    def begin(self, _turn: Turn) -> Judgement:
        """The need."""
        return Judgement(
            Detection(
                escalate=True,
                need=True,
                offer=self._offer,
                reason=Reason.PERSONALIZED_HELP,
                stage=Stage.KEYWORDS,
                scores={},
            )
        )


def surfaced(playbook: Playbook) -> list[Exchange]:
    """Every reply of the conduct trial for every offer, through invoke, stream and a tool call."""
    told: list[Exchange] = []
    for offer in playbook.offers:
        with tempfile.TemporaryDirectory(prefix="tay-eval-") as home:
            engine = throwaway_engine(
                playbook, Path(home), lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC), _Always(offer)
            )
            try:
                for number, reply in enumerate((*REPLIES, *UNFIT)):
                    told += [_woven(engine, offer, number, reply), _called(engine, number, reply)]
            finally:
                engine.close()
    return told


def _woven(engine: Escalator, offer: str, number: int, reply: str) -> Exchange:
    """One turn asked twice: the second time it gets the same words, in pieces."""
    model = ScriptedChatModel(reply=lambda _question: reply)
    chain = EscalationStep(bound=model, escalator=engine)
    asker = {"user_id": f"u{number}", "session_id": f"s{number}", "turn_id": f"woven {number}"}
    woven = str(chain.invoke(QUESTION, {"configurable": dict(asker)}).text)
    pieces = chain.stream(QUESTION, {"configurable": dict(asker)})
    streamed = "".join(str(piece.text) for piece in pieces)
    mention = woven.removeprefix(reply).strip() or None
    again = woven + (weave.addition(woven, mention) or "") if mention else woven
    return Exchange(reply, woven, streamed, again, mention, offer)


def _called(engine: Escalator, number: int, reply: str) -> Exchange:
    """A reply that calls a tool."""
    turn = engine.turn(question=QUESTION, user_id=f"t{number}", turn_id=f"called {number}")
    outcome = engine.begin(turn).settle(Reply(reply, obstacle=Obstacle.TOOL_CALLS))
    woven = reply + (outcome.addition or "")
    return Exchange(
        reply, woven, woven, woven, outcome.addition, None, obstacle=Obstacle.TOOL_CALLS
    )
