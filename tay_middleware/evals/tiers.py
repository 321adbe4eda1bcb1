"""The tiers of an evaluation: which judges stand side by side.

A tier has up to three: `rows` for files that scorers learn from (only opinions of a scorer that
never saw the author are true there), `live` for everything else, and `turns` for conversations.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from tay_middleware.decide.beside import EncoderBeside
from tay_middleware.decide.cascade import Cascade, Until
from tay_middleware.decide.encoder import is_installed, open_encoder
from tay_middleware.decide.model import read_model
from tay_middleware.engine.judging import TurnJudge
from tay_middleware.evals.judges import Judge, KeywordJudge
from tay_middleware.evals.labels import Labels
from tay_middleware.evals.learned import CommittedJudge, LiveJudge, LiveTurns
from tay_middleware.evals.out_of_fold import read_out_of_fold
from tay_middleware.evals.turns import KeywordTurns, LabelledTurns
from tay_middleware.playbook import Playbook

BUILTIN, ENCODER = "builtin", "encoder"
"""The tiers of the learned scorer, and the names of their committed opinions."""

LABELS, PLAYBOOK = "labels", "playbook"
"""Names under which the labelled detections and the playbook's own figures stand."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One column of the report; what is `None` is not evaluated."""

    name: str
    rows: Judge | None = None
    live: Judge | None = None
    turns: TurnJudge | None = None


def offline_tiers(playbook: Playbook, labels: Labels, directory: Path) -> list[Tier]:
    """The tiers that are evaluated on our own labels, the best one last.

    Args:
        playbook: the rules.
        labels: our own.
        directory: where they lie, with the committed opinions in `out_of_fold`.

    Raises:
        ConfigurationError: opinions are missing, or of other labels than these.
    """
    learned = [directory / "data" / f"{stem}.jsonl" for stem in labels.learned]
    committed = {
        name: read_out_of_fold(directory / "out_of_fold" / f"{name}.jsonl", learned).opinions
        for name in (BUILTIN, ENCODER)
    }
    cascade = Cascade(playbook, model=read_model())
    rows: dict[str, Judge] = {
        name: CommittedJudge(name, playbook, cascade, committed[BUILTIN], second)
        for name, second in ((BUILTIN, None), (ENCODER, committed[ENCODER]))
    }
    return [
        Tier(LABELS, turns=LabelledTurns(labels.conversations[0])),
        *(replace(tier, rows=rows.get(tier.name, tier.rows)) for tier in live_tiers(playbook)),
    ]


def live_tiers(playbook: Playbook) -> list[Tier]:
    """The tiers that are evaluated on anybody's files, the best one last.

    That of the encoder is there only where it is installed and opens: a column that the built-in
    scorer has filled would be no figure of the encoder's.
    """
    keywords = KeywordJudge(playbook)
    tiers = [Tier("keywords", rows=keywords, live=keywords, turns=KeywordTurns(playbook))]
    model = read_model()
    builtin = Cascade(playbook, model=model)
    tiers.append(_live(BUILTIN, playbook, builtin, Until.SCORER))
    encoder = EncoderBeside(open_encoder)
    if is_installed() and encoder.opened() is not None:
        cascade = Cascade(playbook, detector=builtin.detector, model=model, encoder=encoder)
        tiers.append(_live(ENCODER, playbook, cascade, Until.ENCODER))
    return tiers


def _live(name: str, playbook: Playbook, cascade: Cascade, until: Until) -> Tier:
    judge = LiveJudge(name, playbook, cascade, until)
    return Tier(name, rows=judge, live=judge, turns=LiveTurns(cascade, until))
