"""Everything that an evaluation looks at, read once: labels, conversations, injections, slices.

A file's part in the evaluation goes by its name: `*_test` and `injections` are what no scorer ever
learns from, `off_topic*` and `conduct*` are training rows of those kinds, everything else is
labelled questions. Files that somebody names on the command line are all labelled questions.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.conversations import Conversations, companion, read_conversations
from tay_middleware.evals.injections import Injection, read_injections
from tay_middleware.evals.mutations import Sentences, read_sentences
from tay_middleware.evals.rows import Row, read_rows
from tay_middleware.playbook import Playbook

TRAFFIC = "traffic"
"""The one file in the proportions of a real inbox: only its rate means anything."""

QUESTIONS_TEST = "questions_test"
CONDUCT_TEST, OFF_TOPIC_TEST = "conduct_test", "off_topic_test"
TESTS = (QUESTIONS_TEST, CONDUCT_TEST, OFF_TOPIC_TEST)
"""Parts that no scorer learns from: files whose names begin like the part's and end in `_test`."""

DEVELOPMENT = frozenset({"questions_b", "off_topic"})
"""Files that phrases and weights of the keyword stage were tuned on: there its figures flatter."""

CONTROL = "control"
"""Slice of rows that only look like one of the forbidden kinds."""


@dataclass(frozen=True, slots=True)
class Slices:
    """One name for what several authors call differently: name → labels, `author:label` for one.

    `forbidden` are the slices on which nothing may be mentioned.
    """

    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    forbidden: tuple[str, ...] = ()

    def of(self, row: Row) -> set[str]:
        """The slices that a row is in; its own labels where none are mapped."""
        own = {*row.slices, *((row.category,) if row.category else ())}
        if not self.names:
            return own
        known = own | {f"{row.author}:{label}" for label in own}
        return {name for name, labels in self.names.items() if labels & known}

    def is_forbidden(self, row: Row) -> bool:
        """Whether nothing may be mentioned on a row (the label of a control says otherwise)."""
        return (
            not row.escalate
            and CONTROL not in row.slices
            and not self.of(row).isdisjoint(self.forbidden)
        )


@dataclass(frozen=True, slots=True)
class Labels:
    """What is evaluated. `hashes` is file name → SHA-256 of everything that was read."""

    files: Mapping[str, tuple[Row, ...]]
    conversations: tuple[Conversations, ...] = ()
    injections: tuple[Injection, ...] = ()
    slices: Slices = Slices()
    sentences: Sentences | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    ours: bool = False

    def part(self, name: str) -> dict[str, tuple[Row, ...]]:
        """The files of one part: `labelled`, `off_topic`, `conduct` or the name of a test file."""
        return {stem: rows for stem, rows in self.files.items() if self._part_of(stem) == name}

    @property
    def learned(self) -> dict[str, tuple[Row, ...]]:
        """The files that scorers learn from; only out-of-fold opinions of their rows are true."""
        return {
            stem: rows
            for stem, rows in self.files.items()
            if self._part_of(stem) in {"labelled", "off_topic", "conduct"}
        }

    def _part_of(self, stem: str) -> str:
        if not self.ours:
            return "labelled"
        if stem.endswith("_test"):
            return next(test for test in TESTS if stem.startswith(test.removesuffix("_test")))
        return next(
            (kind for kind in ("off_topic", "conduct") if stem.startswith(kind)), "labelled"
        )


def read_ours(directory: Path) -> Labels:
    """The checkout's own labels: `directory` is its `evals`.

    Raises:
        ConfigurationError: something is missing or cannot be read.
    """
    data = directory / "data"
    other = {"conversations", "injections"}
    files = [path for path in sorted(data.glob("*.jsonl")) if path.stem not in other]
    if not files:
        raise ConfigurationError(
            f"{data}: there are no label files here; name some with --questions or --conversations"
        )
    conversations, injections = data / "conversations.jsonl", data / "injections.jsonl"
    read = [*files, conversations, injections, data / "slices.yaml", directory / "conduct.yaml"]
    return Labels(
        files={path.stem: read_rows(path) for path in files},
        conversations=(read_conversations(conversations),),
        injections=read_injections(injections),
        slices=read_slices(data / "slices.yaml"),
        sentences=read_sentences(directory / "conduct.yaml"),
        hashes=_hashes([*read, companion(conversations)]),
        ours=True,
    )


def read_theirs(
    questions: Sequence[Path], conversations: Sequence[Path], playbook: Playbook | None = None
) -> Labels:
    """Anybody's labelled questions and conversations.

    Several files may number their rows alike: a row is known by its file and its id.

    Args:
        questions: files of labelled questions.
        conversations: files of labelled conversations.
        playbook: whose offers the labels may name; `None` lets them name any.

    Raises:
        ConfigurationError: a file cannot be read, names an offer that there is not, or two have
            the same name.
    """
    names = [path.stem for path in questions]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigurationError(f"two files are called {twice}: rename one, figures go by name")
    return Labels(
        files={path.stem: _theirs(path, playbook) for path in questions},
        conversations=tuple(read_conversations(path, playbook) for path in conversations),
        hashes=_hashes([*questions, *conversations]),
    )


def _theirs(path: Path, playbook: Playbook | None) -> tuple[Row, ...]:
    """The rows of a file with the file before their families: `1` of two files are two."""
    rows = read_rows(path, None if playbook is None else playbook.offers)
    return tuple(replace(row, family=f"{path.stem}/{row.family}") for row in rows)


def read_slices(path: Path) -> Slices:
    """Read `slices.yaml`.

    Raises:
        ConfigurationError: it cannot be read, or forbids a slice that it does not name.
    """
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        names = {name: frozenset(labels) for name, labels in told["slices"].items()}
        forbidden = tuple(told["forbidden"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error!r}") from error
    unknown = [name for name in forbidden if name not in names]
    if unknown:
        raise ConfigurationError(f"{path}: forbids {unknown[0]!r}, which is no slice of it")
    return Slices(names, forbidden)


def _hashes(paths: Sequence[Path]) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.exists()
    }
