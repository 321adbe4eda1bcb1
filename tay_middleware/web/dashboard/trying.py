"""The try-it box: a question is decided and the answer woven as in a chat, without any trace."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from tay_middleware import weave
from tay_middleware.decide import Circumstances, UnfitWordingError, decide, flips, word
from tay_middleware.decide.cascade import Cascade, Until
from tay_middleware.decide.replies import ReplyReader
from tay_middleware.domain import Decision, History, Tier, Turn
from tay_middleware.engine.facts import FoundFacts
from tay_middleware.engine.pending import Reply
from tay_middleware.playbook import Playbook

NOBODY = UUID(int=0)
_AT = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: a question of a user of a tier, and the reply that the model would give."""

    question: str
    tier: str
    reply: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it. `addition` is what would be appended to the reply, `None` for nothing."""

    decision: Decision
    addition: str | None
    stage: str
    flips: tuple[str, ...]


def try_out(
    trial: Trial, playbook: Playbook, cascade: Cascade, paused: frozenset[str] = frozenset()
) -> Tried:
    """Decide and weave, for somebody without a history; cool-down and holdout are left out.

    Args:
        trial: what is tried.
        playbook: what may be said.
        cascade: the stages, over the same playbook.
        paused: what is paused beside the playbook.
    """
    turn = Turn(NOBODY, trial.question, _AT, user_id="somebody", tier=Tier.parse(trial.tier))
    detection = cascade.detect(turn.question, until=Until.ENCODER)
    reply = FoundFacts(Reply(trial.reply), playbook, ReplyReader(playbook.gates))
    around = Circumstances(reply=reply, stateless=True, paused=paused)
    decision = decide(turn, detection, History(), playbook, around)
    try:
        words = word(decision, turn, playbook, reply)
    except UnfitWordingError:
        words = None
    added = weave.addition(trial.reply, words) if words else None
    return Tried(decision, added, detection.stage.value, tuple(flips(decision, playbook)))
