"""Committed out-of-fold opinions: what a scorer that never saw the author thinks of each row.

JSON Lines: a header that says of which rows, by which recipe, folds and seed; then one row an
opinion, calibrated by the other folds. A changed label file changes the hash, and the file is void.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tay_middleware.decide.opinion import Opinion
from tay_middleware.errors import ConfigurationError

UNLEARNED = ("conversations", "injections")
"""Label files that no scorer learns from, beside those whose name ends in `_test`."""

_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Header:
    """Where the opinions of a file come from; `data` is `data_hash` of the label files.

    `later` are authors of whom the scorer that ships has learned nothing: it gave their opinions.
    """

    tier: str
    data: str
    recipe: Mapping[str, float]
    folds: Sequence[Sequence[str]]
    seed: int
    later: Sequence[str] = ()

    @property
    def authors(self) -> frozenset[str]:
        """All of whose rows there are opinions."""
        return frozenset(self.later).union(*self.folds)


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """A file of opinions, by the id of the row."""

    header: Header
    opinions: Mapping[str, Opinion]


def training_files(directory: Path) -> list[Path]:
    """The label files of a directory that scorers learn from, sorted by name.

    Raises:
        ConfigurationError: there are none.
    """
    found = [
        path
        for path in sorted(directory.glob("*.jsonl"))
        if path.stem not in UNLEARNED and not path.stem.endswith("_test")
    ]
    if not found:
        raise ConfigurationError(f"{directory}: there is no label file (*.jsonl) here")
    return found


def data_hash(files: Sequence[Path]) -> str:
    """SHA-256 over names and contents of the label files, in order."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def write_out_of_fold(path: Path, header: Header, opinions: Mapping[str, Opinion]) -> None:
    """Write a file of opinions, whole or not at all."""
    first = {
        "tier": header.tier,
        "data": header.data,
        "recipe": dict(header.recipe),
        "folds": [list(fold) for fold in header.folds],
        "seed": header.seed,
        **({"later": list(header.later)} if header.later else {}),
    }
    lines = [first, *({"id": name, **_told(opinion)} for name, opinion in opinions.items())]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    draft = path.with_suffix(".draft")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def read_out_of_fold(path: Path, files: Sequence[Path]) -> OutOfFold:
    """Read a file of opinions on the rows of `files`.

    Raises:
        ConfigurationError: it cannot be read, or the label files have changed since.
    """
    found = read_opinions(path)
    if found.header.data != data_hash(files):
        raise ConfigurationError(
            f"{path}: the label files have changed since these opinions were made; "
            "make them anew: make eval-train"
        )
    return found


def read_opinions(path: Path) -> OutOfFold:
    """Read a file of opinions, whatever has become of their rows.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        first, *rest = path.read_text(encoding="utf-8").splitlines()
        header = Header(**json.loads(first))
        opinions = {row["id"]: _opinion(row) for row in map(json.loads, rest)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}: no out-of-fold file of ours: {error!r}") from error
    return OutOfFold(header, opinions)


def _told(opinion: Opinion) -> dict[str, Any]:
    return {
        "escalate": round(opinion.escalate, _DIGITS),
        "on_topic": round(opinion.on_topic, _DIGITS),
        "offers": {name: round(value, _DIGITS) for name, value in opinion.offers.items()},
        "gates": {name: round(value, _DIGITS) for name, value in opinion.gates.items()},
    }


def _opinion(row: Mapping[str, Any]) -> Opinion:
    return Opinion(
        float(row["escalate"]),
        {name: float(value) for name, value in row["offers"].items()},
        float(row["on_topic"]),
        {name: float(value) for name, value in row["gates"].items()},
    )
