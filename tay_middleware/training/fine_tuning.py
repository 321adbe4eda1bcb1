"""The fine-tuning runs of one lesson: a fold each, and the one that ships; what is done is kept.

Each is a process of one thread: how many of them run side by side then changes no weight.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tay_middleware.training.base import Base
from tay_middleware.training.encoder import Recipe, fine_tune, logits_of
from tay_middleware.training.examples import Example
from tay_middleware.training.export import export_encoder


@dataclass(frozen=True, slots=True)
class Run:
    """One run: the rows to learn, those to score afterwards, and where what comes of it goes.

    With rows to score that is a file of their logits, in order; without any, the encoder's files.
    """

    learn: tuple[Example, ...]
    held: tuple[Example, ...]
    base: Base
    recipe: Recipe
    kept: Path


def fine_tuned(run: Run, progress: Callable[[float], None]) -> None:
    """Do a run, unless what comes of it is there."""
    if run.kept.exists():
        return
    torch.set_num_threads(1)
    trained = fine_tune(run.learn, run.base, run.recipe, progress)
    draft = run.kept.with_name(f"{run.kept.name}.draft")
    if run.held:
        with draft.open("wb") as file:
            np.save(file, np.array(logits_of(trained, run.held)))
    else:
        export_encoder(trained, draft)
    draft.replace(run.kept)
