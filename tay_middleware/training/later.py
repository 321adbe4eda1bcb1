"""Label files that came after the encoder was trained: its opinions on strangers, without training.

Fine-tuning takes hours and the built-in tier minutes, so that one may learn from rows which the
other has not met. Of an author whom it never learned from, the encoder that ships is a scorer that
saw none of the rows: what it says of them is out of fold as it is.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tay_middleware.decide.encoder import Encoder
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.out_of_fold import (
    OutOfFold,
    data_hash,
    read_opinions,
    read_out_of_fold,
    write_out_of_fold,
)
from tay_middleware.training.examples import Example, examples_of, text_of


@dataclass(frozen=True, slots=True)
class Later:
    """The opinions there are, all label files, and the rows of authors who came after them."""

    known: OutOfFold
    files: tuple[Path, ...]
    examples: tuple[Example, ...]


def later_rows(files: Sequence[Path], opinions: Path, directory: Path) -> Later:
    """Which rows are by authors whom the encoder of `directory`, and its opinions, never met.

    Raises:
        ConfigurationError: a file cannot be read, those that were learned from have changed, or one
            holds rows of an author who was learned from beside rows of others.
    """
    examples_of(files)  # ids of their own, over all files
    met = read_opinions(opinions).header.authors | _learned_by(directory)
    learned: list[Path] = []
    came: list[Example] = []
    for file in files:
        rows = examples_of([file])
        authors = {row.author for row in rows}
        if not authors & met:
            came += rows
        elif authors <= met:
            learned.append(file)
        else:
            raise ConfigurationError(
                f"{file}: rows of {', '.join(sorted(authors & met))}, of whom the encoder has "
                "learned, beside rows of others: give every author a file"
            )
    return Later(read_out_of_fold(opinions, learned), tuple(files), tuple(came))


def judged(later: Later, encoder: Encoder, progress: Callable[[float], None]) -> OutOfFold:
    """The opinions with those on the later rows; `progress` is called with the share done."""
    said = dict(later.known.opinions)
    for number, example in enumerate(later.examples, 1):
        said[example.id] = encoder.judge(text_of(example), example.history)
        progress(number / len(later.examples))
    header = later.known.header
    authors = dict.fromkeys((*header.later, *(example.author for example in later.examples)))
    return OutOfFold(replace(header, data=data_hash(later.files), later=tuple(authors)), said)


def judge_later(
    files: Sequence[Path],
    *,
    opinions: Path,
    directory: Path,
    open_encoder: Callable[[Path], Encoder],
    progress: Callable[[str, float], None] = lambda *_: None,
) -> int:
    """Add to a file of opinions what the encoder of `directory` says of later rows; how many.

    Raises:
        ConfigurationError: see `later_rows`; or there is no encoder in `directory`.
    """
    later = later_rows(files, opinions, directory)
    found = judged(later, open_encoder(directory), lambda share: progress("judging", share))
    write_out_of_fold(opinions, found.header, found.opinions)
    return len(later.examples)


def _learned_by(directory: Path) -> frozenset[str]:
    """The authors that the card of an encoder names."""
    try:
        folds = json.loads((directory / "card.json").read_bytes())["about"]["folds"]
        return frozenset(author for fold in folds for author in fold.split("+"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"{directory}: no encoder of ours with its card: {error!r}"
        ) from error
