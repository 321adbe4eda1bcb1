"""The tiers of an evaluation: which judges stand side by side.

A tier has up to three: `rows` for files that scorers learn from (only opinions of a scorer that
never saw the author are true there), `live` for everything else, and `turns` for conversations.
"""

from dataclasses import dataclass

from tay_middleware.engine.judging import TurnJudge
from tay_middleware.evals.judges import Judge, KeywordJudge
from tay_middleware.evals.labels import Labels
from tay_middleware.evals.turns import KeywordTurns, LabelledTurns
from tay_middleware.playbook import Playbook

LABELS, PLAYBOOK = "labels", "playbook"
"""Names under which the labelled detections and the playbook's own figures stand."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One column of the report; what is `None` is not evaluated."""

    name: str
    rows: Judge | None = None
    live: Judge | None = None
    turns: TurnJudge | None = None


def offline_tiers(playbook: Playbook, labels: Labels) -> list[Tier]:
    """The tiers that are evaluated on our own labels, the best one last."""
    keywords = KeywordJudge(playbook)
    return [
        Tier(LABELS, turns=LabelledTurns(labels.conversations[0])),
        Tier("keywords", rows=keywords, live=keywords, turns=KeywordTurns(playbook)),
    ]


def live_tiers(playbook: Playbook) -> list[Tier]:
    """The tiers that are evaluated on anybody's files, the best one last."""
    keywords = KeywordJudge(playbook)
    return [Tier("keywords", rows=keywords, live=keywords, turns=KeywordTurns(playbook))]
