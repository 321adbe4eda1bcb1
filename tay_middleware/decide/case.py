"""All that a decision is made of, in one value: what policy, experiments and wording look at."""

from dataclasses import dataclass, field

from tay_middleware.decide.replies import Facts, ReplyFacts
from tay_middleware.domain import Detection, History, Mode, Turn
from tay_middleware.playbook import Playbook


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What policy weighs beside the question: everything that is not in the question's words.

    `earlier_gates` are the gates of the user's latest earlier messages that came with the question,
    oldest first, one entry each.
    `recent_share` is the share of this process's latest questions that carried a mention, `None`
    while there are too few to say. `stateless` leaves cool-down, budget and holdout out (for
    `tay decide`). `history_known` is false when history could not be read: then nothing is shown.
    `paused` holds the offers and wordings (by id) that were paused beside the playbook.
    """

    reply: Facts = field(default_factory=ReplyFacts)
    mode: Mode = Mode.ON
    earlier_gates: tuple[tuple[str, ...], ...] = ()
    recent_share: float | None = None
    stateless: bool = False
    history_known: bool = True
    paused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """One question with what it deserves, and with everything that may speak for or against it."""

    turn: Turn
    detection: Detection
    history: History
    playbook: Playbook
    around: Circumstances
