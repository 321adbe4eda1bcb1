"""One training run of a tier: out-of-fold scores first, then the model that ships, then its card.

The shipped model learns from all rows and is never scored on them; what is said of it stands on the
out-of-fold scores.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tay_middleware.decide import Detector
from tay_middleware.decide.encoder import opinion_from, outputs_of
from tay_middleware.decide.features import Features, features, spoken
from tay_middleware.decide.opinion import Opinion, opinion_of, probability
from tay_middleware.evals.out_of_fold import Header, data_hash, write_out_of_fold
from tay_middleware.playbook import Playbook
from tay_middleware.training import builtin
from tay_middleware.training.base import find_base
from tay_middleware.training.calibration import Scored, calibrations
from tay_middleware.training.card import card_of
from tay_middleware.training.examples import OUTPUTS, Example, examples_of
from tay_middleware.training.folds import LEAST_POSITIVES, Fold, folds_of, out_of_fold
from tay_middleware.training.side_by_side import side_by_side

Progress = Callable[[str, float], None]
"""Called with the name of the step and the share of it that is done."""

Opinions = Callable[[Mapping[str, tuple[float, float]], np.ndarray], Opinion]
"""Makes an opinion of one row's scores, given the calibration of each output."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a run learns from."""

    files: tuple[Path, ...]
    examples: tuple[Example, ...]
    folds: tuple[Fold, ...]
    data: str


def lesson_of(
    files: Sequence[Path], least_positives: int = LEAST_POSITIVES, most_folds: int | None = None
) -> Lesson:
    """Read the label files.

    Raises:
        ConfigurationError: one cannot be read as labels.
    """
    examples = examples_of(files)
    return Lesson(
        tuple(files), examples, folds_of(examples, least_positives, most_folds), data_hash(files)
    )


def train_builtin(
    lesson: Lesson,
    playbook: Playbook,
    recipe: builtin.Recipe,
    *,
    space: builtin.Space,
    model_file: Path,
    out_of_fold_file: Path,
    progress: Progress = lambda *_: None,
) -> dict[str, Any]:
    """Train the built-in tier, write its model and its out-of-fold opinions; its card."""
    seen = _features(lesson.examples, playbook)
    done: list[str] = []

    def told(name: str) -> Callable[[float], None]:
        step = f"without {name}" if name else "with all authors"
        return lambda share: progress(step, (len(done) + share) / (len(lesson.folds) + 1))

    def score(name: str, learn: list[Example], held: list[Example]) -> np.ndarray:
        fitted = builtin.fit(learn, [seen[e.id] for e in learn], space, recipe, told(name))
        done.append(name)
        said = fitted.scores([seen[e.id] for e in held])
        empty = np.full(len(held), np.nan)
        return np.stack([said.get(output, empty) for output in OUTPUTS], axis=1)

    scored = out_of_fold(lesson.examples, lesson.folds, score)
    opinions = _opinions(lesson, scored, _of_builtin)
    header = _header("builtin", lesson, recipe.described(), recipe.seed)
    write_out_of_fold(out_of_fold_file, header, opinions)
    every = [seen[e.id] for e in lesson.examples]
    fitted = builtin.fit(lesson.examples, every, space, recipe, told(""))
    card = card_of("builtin", lesson, recipe.described(), opinions)
    content = builtin.exported(fitted, calibrations(scored, lesson.examples), card)
    text = json.dumps(content, separators=(",", ":"))
    model_file.write_text(text, encoding="utf-8")
    progress("done", 1.0)
    return {**card, "bytes": len(text)}


def train_encoder(
    lesson: Lesson,
    *,
    directory: Path,
    out_of_fold_file: Path,
    work: Path,
    jobs: int = 1,
    progress: Progress = lambda *_: None,
) -> dict[str, Any]:
    """Fine-tune the encoder on all rows and fold by fold, and write it to `directory`.

    At most `jobs` runs work side by side. What a run came to is kept in `work`, by the hash of the
    rows and the recipe: one that was stopped goes on where it was.
    """
    from tay_middleware.training import encoder, export  # noqa: PLC0415 - torch is heavy
    from tay_middleware.training.fine_tuning import Run, fine_tuned  # noqa: PLC0415 - the same

    base, recipe = find_base(), encoder.Recipe()
    kept = work / lesson.data[:12] / recipe.name
    kept.mkdir(parents=True, exist_ok=True)
    shipped = kept / "all"

    def run(fold: Fold) -> Run:
        learn = tuple(e for e in lesson.examples if e.author not in fold.held_out)
        held = tuple(e for e in lesson.examples if e.author in fold.held_out)
        return Run(learn, held, base, recipe, kept / f"{fold.name}.npy")

    runs = [Run(lesson.examples, (), base, recipe, shipped), *map(run, lesson.folds)]
    side_by_side(fine_tuned, runs, jobs, lambda share: progress(f"{len(runs)} runs", share))

    def score(name: str, _learn: list[Example], _held: list[Example]) -> np.ndarray:
        said: np.ndarray = np.load(kept / f"{name}.npy")
        return said

    scored = out_of_fold(lesson.examples, lesson.folds, score)
    opinions = _opinions(lesson, scored, _of_encoder)
    header = _header("encoder", lesson, recipe.described(), recipe.seed)
    write_out_of_fold(out_of_fold_file, header, opinions)
    card = card_of("encoder", lesson, recipe.described(), opinions)
    calibration = calibrations(scored, lesson.examples)
    return {**card, "bytes": export.write_encoder(shipped, directory, calibration, card)}


def _header(tier: str, lesson: Lesson, recipe: Mapping[str, float], seed: int) -> Header:
    return Header(tier, lesson.data, recipe, [fold.held_out for fold in lesson.folds], seed)


def _features(examples: Sequence[Example], playbook: Playbook) -> dict[str, Features]:
    detector = Detector(playbook)
    seen = {}
    for example in examples:
        examined = detector.examine(example.question, example.history)
        text = spoken(examined.literal)
        seen[example.id] = features(text, examined.detection, example.history)
    return seen


def _opinions(lesson: Lesson, scored: Scored, make: Opinions) -> dict[str, Opinion]:
    """Each row's opinion, calibrated by the other folds."""
    by_fold = {
        number: calibrations(scored, lesson.examples, without=number)
        for number in range(len(lesson.folds))
    }
    return {
        example.id: make(by_fold[int(scored.fold_of[at])], scored.scores[at])
        for at, example in enumerate(lesson.examples)
    }


def _of_builtin(calibration: Mapping[str, tuple[float, float]], scores: np.ndarray) -> Opinion:
    return opinion_of(
        {
            name: probability(calibration[name][0] * float(score) + calibration[name][1])
            for name, score in zip(OUTPUTS, scores, strict=True)
            if not np.isnan(score)
        }
    )


def _of_encoder(calibration: Mapping[str, tuple[float, float]], scores: np.ndarray) -> Opinion:
    outputs = outputs_of(
        {
            "outputs": [
                {"name": name, "slope": calibration[name][0], "intercept": calibration[name][1]}
                for name in OUTPUTS
            ]
        }
    )
    return opinion_from(outputs, scores.tolist())
