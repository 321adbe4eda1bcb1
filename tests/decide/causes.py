"""Why a mention is held back, with a plain default for everything."""

from tay_middleware.decide import Circumstances
from tay_middleware.decide.case import Case
from tay_middleware.decide.policy import suppression
from tay_middleware.domain import Detection, History, Suppression, Turn
from tay_middleware.playbook import Playbook
from tests.builders import a_detection, a_turn


def cause(
    playbook: Playbook,
    turn: Turn | None = None,
    detection: Detection | None = None,
    history: History | None = None,
    around: Circumstances | None = None,
) -> Suppression | None:
    return suppression(
        Case(
            turn or a_turn(),
            detection or a_detection(),
            history or History(),
            playbook,
            around or Circumstances(),
        )
    )
