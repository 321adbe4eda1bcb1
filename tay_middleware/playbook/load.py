"""Loads `prompts/` into a `Playbook`, or says everything that is wrong with it at once."""

import hashlib
import os
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from tay_middleware.domain import Strength, Tier
from tay_middleware.errors import ConfigurationError, PlaybookError, Problem
from tay_middleware.playbook.agreement import disagreements
from tay_middleware.playbook.conduct import ConductRules
from tay_middleware.playbook.document import Document, read_document, read_text
from tay_middleware.playbook.entry import Slug
from tay_middleware.playbook.evidence import Gates, Indicators, Topic
from tay_middleware.playbook.experiments import Experiments
from tay_middleware.playbook.fairness import HOLDOUT
from tay_middleware.playbook.mends import problems_of
from tay_middleware.playbook.mention import Mentions
from tay_middleware.playbook.names import Found
from tay_middleware.playbook.schema import Offer, Policy, Template, Voice, Wordings
from tay_middleware.playbook.strays import WORDINGS, strays

T = TypeVar("T")

Offers = Annotated[dict[Slug, Offer], Field(min_length=1)]
Topics = Annotated[dict[Slug, Topic], Field(min_length=1)]

VERSION_DIGITS = 16
"""64 bits of the content hash: enough to tell the versions of one business apart."""

NO_EXPERIMENTS = Experiments()
"""What a playbook without the file has."""


@dataclass(frozen=True)
class Playbook:
    """All that the business decides, loaded and checked. `version` is a hash of the files."""

    offers: Mapping[str, Offer]
    indicators: Indicators
    gates: Gates
    topics: Mapping[str, Topic]
    policy: Policy
    voice: Voice
    templates: tuple[Template, ...]
    conduct: ConductRules
    classifier_prompt: str
    version: str
    experiments: Experiments = NO_EXPERIMENTS

    def __hash__(self) -> int:
        return hash(self.version)

    def pool(
        self, offer: str, strength: Strength, tier: Tier, *, for_all: bool = False
    ) -> tuple[Template, ...]:
        """The wordings to choose from: those of the tier where there are any, else those of all.

        `for_all` takes those of all where there are any, whatever the tier has of its own.
        """
        own = self._pools.get((offer, strength, tier.value), ())
        common = self._pools.get((offer, strength, "any"), ())
        return (common or own) if for_all else (own or common)

    @cached_property
    def not_called(self) -> tuple[re.Pattern[str], ...]:
        """What somebody says who is called by no pet name: a man, say, or who is upset."""
        said = (*self.voice.not_called, *self.voice.upset)
        return tuple(re.compile(one, re.IGNORECASE) for one in said)

    @cached_property
    def farewells(self) -> tuple[re.Pattern[str], ...]:
        """Last lines of a reply that say goodbye."""
        return tuple(re.compile(one, re.IGNORECASE) for one in self.voice.farewells)

    @cached_property
    def signers(self) -> frozenset[str]:
        """Who may sign a reply, in lower case."""
        return self.voice.signs_as

    def open_tests(self, at: datetime) -> frozenset[str]:
        """The names of tests whose users are still counted; the holdout while it has a share."""
        holdout = {HOLDOUT} if self.policy.holdout.share else set()
        return self.experiments.open_at(at) | holdout

    @cached_property
    def mentions(self) -> Mentions:
        """Its wordings as they will be read."""
        return Mentions(self)

    @cached_property
    def names_in_replies(self) -> Mapping[str, tuple[str, ...]]:
        """What names each offer in a reply."""
        return {name: offer.names_in_replies for name, offer in self.offers.items()}

    @cached_property
    def by_id(self) -> Mapping[str, Template]:
        """Every wording by its id."""
        return {template.id: template for template in self.templates}

    @cached_property
    def _pools(self) -> Mapping[tuple[str, Strength, str], tuple[Template, ...]]:
        pools: dict[tuple[str, Strength, str], list[Template]] = {}
        for template in self.templates:
            key = (template.offer, template.strength, template.tier)
            pools.setdefault(key, []).append(template)
        return {key: tuple(pool) for key, pool in pools.items()}


def load_playbook(directory: Path | str | None = None) -> Playbook:
    """Load and check a playbook.

    Args:
        directory: where it is; `None` is the one that ships with the package.

    Raises:
        PlaybookError: it does not validate; the error holds every problem, each with its file, its
            line, its field and the mend.
        ConfigurationError: this is no directory's name.
    """
    if directory is None:
        return _Loading(shipped()).playbook()
    if not isinstance(directory, str | os.PathLike):
        raise ConfigurationError(
            f"`directory` is an object of {type(directory).__name__}, and takes a path: "
            'load_playbook("prompts")'
        )
    return _Loading(Path(directory)).playbook()


def shipped() -> Path:
    """The playbook inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "prompts"
    return inside if inside.is_dir() else package.parent / "prompts"


def files_of(directory: Path) -> list[Path]:
    """The files of a playbook, in the order in which its version reads them."""
    found = (path for path in directory.rglob("*") if path.suffix in {".yaml", ".md"})
    return sorted(
        (path for path in found if path.name != "README.md"),
        key=lambda one: one.relative_to(directory).as_posix(),
    )


def version_of(directory: Path) -> str:
    """SHA-256 over names and contents: the same words are the same version.

    Line ends are no words, nor is the mark that some editors put before a text.
    """
    digest = hashlib.sha256()
    for path in files_of(directory):
        content = path.read_bytes().removeprefix(BOM_UTF8).replace(b"\r\n", b"\n")
        digest.update(path.relative_to(directory).as_posix().encode())
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()[:VERSION_DIGITS]


Traces = tuple[str, tuple[str, ...]]
"""The version of a playbook, and what else lies there that is refused."""


def traces_of(directory: Path) -> Traces:
    """What changes with every edit that can spoil or mend it: a stray is of no version."""
    return version_of(directory), tuple(one.file for one in strays(directory))


class _Loading:
    """One load; collects problems until the end, so that all of them can be mended at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._problems: list[Problem] = []
        self._documents: dict[str, Document] = {}

    def playbook(self) -> Playbook:
        if not self._directory.is_dir():
            raise PlaybookError([Problem(str(self._directory), "", "there is no such directory")])
        offers = self._read("offers.yaml", Offers)
        indicators = self._read("indicators.yaml", Indicators)
        gates = self._read("gates.yaml", Gates)
        topics = self._read("topics.yaml", Topics)
        policy = self._read("policy.yaml", Policy)
        voice = self._read("voice.yaml", Voice)
        experiments = self._experiments()
        wordings = self._all_wordings()
        prompt = self._text("classifier.md")
        self._problems += strays(self._directory)
        if (
            offers is None
            or indicators is None
            or gates is None
            or topics is None
            or policy is None
            or voice is None
        ):
            raise PlaybookError(self._problems)
        templates = (template for name, found in wordings for template in _flattened(name, found))
        playbook = Playbook(
            offers=offers,
            indicators=indicators,
            gates=gates,
            topics=topics,
            policy=policy,
            voice=voice,
            templates=tuple(templates),
            conduct=self._conduct(voice),
            classifier_prompt=prompt,
            version=version_of(self._directory),
            experiments=experiments,
        )
        self._compare(playbook)
        if self._problems:
            raise PlaybookError(self._problems)
        return playbook

    def _compare(self, playbook: Playbook) -> None:
        complete = not self._problems
        # Of an offer that is renamed each of its wordings says the same.
        found = dict.fromkeys(disagreements(playbook, complete=complete))
        self._problems += self._located(found)

    def _read(self, name: str, shape: type[T]) -> T | None:
        found = read_document(self._directory / name, name)
        if isinstance(found, list):
            self._problems += found
            return None
        self._documents[name] = found
        try:
            return TypeAdapter(shape).validate_python(found.value)
        except ValidationError as error:
            self._problems += problems_of(found, error, shape)
            return None

    def _experiments(self) -> Experiments:
        """The tests; a playbook without the file has none."""
        name = "experiments.yaml"
        if not (self._directory / name).exists():
            return NO_EXPERIMENTS
        return self._read(name, Experiments) or NO_EXPERIMENTS

    def _all_wordings(self) -> list[tuple[str, Wordings]]:
        files = (self._directory / WORDINGS).glob("*.yaml")
        names = sorted(path.name for path in files if not path.name.startswith("."))
        if not names:
            self._problems.append(Problem(f"{WORDINGS}/", "", "there is no file of wordings here"))
        read = [
            (f"{WORDINGS}/{name}", self._read(f"{WORDINGS}/{name}", Wordings)) for name in names
        ]
        return [(name, found) for name, found in read if found is not None]

    def _text(self, name: str) -> str:
        text = read_text(self._directory / name, name)
        if isinstance(text, Problem):
            self._problems.append(text)
            return ""
        return text

    def _conduct(self, voice: Voice) -> ConductRules:
        try:
            return ConductRules.from_voice(voice)
        except ValueError as error:
            line = self._documents["voice.yaml"].line(("conduct", "rules"))
            self._problems.append(Problem("voice.yaml", "conduct.rules", str(error), line))
            return ConductRules({}, ())

    def _located(self, found: Iterable[Found]) -> Iterator[Problem]:
        for name, location, message in found:
            document = self._documents.get(name)
            line = document.line(location) if document else None
            yield Problem(name, ".".join(str(part) for part in location), message, line)


def _flattened(name: str, wordings: Wordings) -> Iterator[Template]:
    for strength, tiers in wordings.wordings.items():
        for tier, variants in tiers.items():
            for variant, entry in variants.items():
                yield Template(
                    id=f"{wordings.offer}.{strength}.{tier}.{variant}",
                    file=name,
                    offer=wordings.offer,
                    strength=strength,
                    tier=tier,
                    variant=variant,
                    text=entry.text,
                    pet_name=entry.pet_name,
                    weight=entry.weight,
                )
