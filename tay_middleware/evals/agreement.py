"""How far two people who label the same questions agree: the most that any scorer can be held to.

Second labels are JSON Lines, `{"id", "escalate", "offer"}`, given by somebody who saw the question
and the rubric, and neither the first label nor a detector.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.lines import read_lines
from tay_middleware.evals.names import plain
from tay_middleware.evals.rows import Row
from tay_middleware.evals.statistics import Interval, Tally, bootstrap


@dataclass(frozen=True, slots=True)
class SecondLabel:
    """What the second person said of a row."""

    escalate: bool
    offer: str | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two labellers made of the same rows.

    `tally` counts the second label as a verdict on the first. `kappa` lies between -1 and 1, its
    interval resamples families. `offers_agreed` is of the rows that both let escalate.
    `disputed` holds the rows on which they disagree, in the order of the second labels.
    """

    tally: Tally
    kappa: float | None
    interval: Interval | None
    offers_agreed: int
    disputed: tuple[tuple[Row, SecondLabel], ...]


class _Line(BaseModel):
    id: str | int
    escalate: bool
    offer: str | None = None


def read_second_labels(path: Path) -> dict[str, SecondLabel]:
    """The second labels of a file, by the id of the row.

    Raises:
        ConfigurationError: it cannot be read as second labels; the message names the line.
    """
    found: dict[str, SecondLabel] = {}
    for number, said in read_lines(path, _Line):
        name = str(said.id)
        if name in found:
            raise ConfigurationError(f"{path}:{number}: {name} stands there twice")
        found[name] = SecondLabel(said.escalate, plain(said.offer) if said.escalate else None)
    return found


def agreement(files: Mapping[str, Sequence[Row]], second: Mapping[str, SecondLabel]) -> Agreement:
    """Hold second labels against the first.

    Args:
        files: the rows of each file, by its stem.
        second: the second labels by the id of the row, or by `file/id` where several files have it.

    Raises:
        ConfigurationError: a second label is of no row, may be of several, or is of a row that has
            another one.
    """
    known = _known(files, second)
    families: dict[str, Tally] = {}
    for name, said in second.items():
        family = known[name].family
        families[family] = families.get(family, Tally()) + _verdict(known[name], said)
    tally = sum(families.values(), Tally())
    both = [(known[name], said) for name, said in second.items()]
    return Agreement(
        tally,
        kappa(tally),
        bootstrap(families, kappa),
        sum(row.escalate and said.escalate and row.offer == said.offer for row, said in both),
        tuple(pair for pair in both if _differ(*pair)),
    )


def _known(files: Mapping[str, Sequence[Row]], second: Mapping[str, SecondLabel]) -> dict[str, Row]:
    """The one row that each second label is of."""
    places: dict[str, dict[str, Row]] = {name: {} for name in second}
    for file, rows in files.items():
        for row in rows:
            key = f"{file}/{row.id}"
            for name in {row.id, key} & places.keys():
                places[name][key] = row
    taken: dict[str, str] = {}
    for name, found in places.items():
        if not found:
            raise ConfigurationError(f"no row has the id {name!r}, which a second label is of")
        key, *others = found
        if others:
            raise ConfigurationError(
                f"a second label is of {name!r}, a row of several files: "
                f"make its id one of {', '.join(found)}"
            )
        if key in taken:
            raise ConfigurationError(f"{taken[key]!r} and {name!r} are second labels of one row")
        taken[key] = name
    return {name: row for name, found in places.items() for row in found.values()}


def kappa(tally: Tally) -> float | None:
    """Agreement beyond chance (Cohen 1960); `None` where chance alone would agree on all."""
    if not tally.n:
        return None
    seconds = tally.found + tally.false
    alike = (tally.found + tally.passed) / tally.n
    chance = (
        tally.positives * seconds + (tally.n - tally.positives) * (tally.n - seconds)
    ) / tally.n**2
    return None if chance == 1 else (alike - chance) / (1 - chance)


def _verdict(row: Row, said: SecondLabel) -> Tally:
    return Tally(
        found=row.escalate and said.escalate,
        false=not row.escalate and said.escalate,
        missed=row.escalate and not said.escalate,
        passed=not row.escalate and not said.escalate,
    )


def _differ(row: Row, said: SecondLabel) -> bool:
    return row.escalate != said.escalate or (row.escalate and row.offer != said.offer)
