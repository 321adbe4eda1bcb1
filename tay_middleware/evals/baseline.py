"""The committed baseline: what the last accepted run came to, small enough to live in git.

Of every tier its figures and the rows it had wrong; all others were right. A baseline belongs to
the labels it was made on: when a label file has changed, nothing is compared with it.
"""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.gates import Gate
from tay_middleware.evals.run import Figure, Run, TierRun

_SOME_OFFER = "some offer"
"""Said of a right row whose label names no offer: which one it was is not kept."""


class BaselineTier(BaseModel):
    """Figures of a tier; `wrong` is `file/id` → the offer that it would have mentioned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    figures: dict[str, Figure]
    wrong: dict[str, str | None]


class Baseline(BaseModel):
    """An accepted run: hashes of the labels, gates as they were, tiers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: dict[str, str]
    gates: dict[str, Gate]
    tiers: dict[str, BaselineTier]

    def changed(self, run: Run) -> list[str]:
        """The label files that are not what they were."""
        names = sorted({*self.data, *run.data})
        return [name for name in names if self.data.get(name) != run.data.get(name)]

    def as_run(self, run: Run) -> Run:
        """The baseline as a run on the rows of `run`, which must be on the same labels."""
        told = {}
        for name, tier in self.tiers.items():
            if not run.tiers.get(name, TierRun()).said:
                continue
            said = [
                tier.wrong.get(
                    f"{row.file}/{row.id}", (row.offer or _SOME_OFFER) if row.escalate else None
                )
                for row in run.rows
            ]
            told[name] = TierRun(figures=tier.figures, said=said)
        return Run(data=self.data, rows=run.rows, tiers=told)


def make_baseline(run: Run, gates: list[Gate]) -> Baseline:
    """The baseline that a run becomes."""
    tiers = {}
    for name, tier in run.tiers.items():
        judged = zip(run.rows, tier.said, strict=True) if tier.said else ()
        wrong = {
            f"{row.file}/{row.id}": said
            for row, said in judged
            if (said is not None) != row.escalate
        }
        tiers[name] = BaselineTier(figures=tier.figures, wrong=wrong)
    return Baseline(data=run.data, gates={gate.name: gate for gate in gates}, tiers=tiers)


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline."""
    told = baseline.model_dump(mode="json", exclude_defaults=True)
    path.write_text(json.dumps(told, indent=0, sort_keys=True) + "\n", encoding="utf-8")


def read_baseline(path: Path) -> Baseline | None:
    """Read a baseline; `None` when there is none yet.

    Raises:
        ConfigurationError: the file is no baseline.
    """
    if not path.exists():
        return None
    try:
        return Baseline.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise ConfigurationError(f"{path}: is no baseline of tay eval: {error}") from error
