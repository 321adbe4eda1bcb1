"""`tay train`: labelled questions in, a scorer and its card out."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tay_middleware.cli.screen import screen
from tay_middleware.decide.encoder import open_encoder
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.out_of_fold import training_files
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings
from tay_middleware.training.later import judge_later

OURS = Path("evals/data")
"""Label files that are learned from where none are given."""

TRAINED = Path("trained")
"""Where what was trained goes where nothing is said."""

_MISSING = (
    "training needs more than answering does ({name} is missing): "
    "pip install 'tay-middleware[{extra}]'"
)


def train(
    labels: Annotated[
        list[Path] | None,
        typer.Argument(
            help="label files (JSON Lines), or directories of them; in a checkout evals/data "
            "where none is given"
        ),
    ] = None,
    encoder: Annotated[
        bool, typer.Option("--encoder", help="fine-tune the encoder instead (hours on two cores)")
    ] = False,
    later: Annotated[
        bool,
        typer.Option(
            "--later",
            help="with --encoder, train nothing: add to the opinions of --out-of-fold what the "
            "encoder in --model says of authors whom it never learned from",
        ),
    ] = False,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2, help="leave several authors out together, in so many folds: stricter, quicker"
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="with --encoder: its runs side by side, a processor each; all if none is given",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="where the scorer, its card and its out-of-fold opinions go",
            show_default=str(TRAINED),
        ),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="write the scorer here instead: a file, or a directory")
    ] = None,
    out_of_fold: Annotated[
        Path | None, typer.Option(help="write the out-of-fold opinions to this file instead")
    ] = None,
) -> None:
    """Train a scorer on labelled questions and say what it is worth on strangers' questions.

    Every figure comes from scorers that saw none of the author's rows. The scorer itself learns
    from all rows. Use it with TAY_SCORER_FILE or TAY_ENCODER_DIR.

    Try: tay label export --unsure > mine.jsonl   (fill it in)
    tay label import mine.jsonl --into own.jsonl   tay train evals/data own.jsonl
    """
    _fitting(encoder=encoder, later=later, folds=folds, jobs=jobs, out=out)
    files = _files(labels or [_ours()])
    if later:
        _judge_later(files, model, out_of_fold)
        return
    out = out or TRAINED
    for directory in (out, *([] if model is None else [model.parent])):
        _make(directory)
    opinions = out_of_fold or out / ("encoder.jsonl" if encoder else "builtin.jsonl")
    with _progress() as step:
        if encoder:
            card = _encoder(
                files, folds, jobs, model or out / "encoder", opinions, out / "work", step
            )
        else:
            card = _builtin(files, folds, model or out / "model.json", opinions, step)
    (out / f"{card['tier']}-card.json").write_text(json.dumps(card, indent=1) + "\n")
    print_card(card, screen())


def _fitting(
    *, encoder: bool, later: bool, folds: int | None, jobs: int | None, out: Path | None
) -> None:
    """Refuse what would be passed over in silence."""
    if later and not encoder:
        raise ConfigurationError(
            "--later is of the encoder's opinions: write --encoder --later, or leave --later out"
        )
    for name, given in (("--folds", folds), ("--jobs", jobs), ("--out", out)):
        if later and given is not None:
            raise ConfigurationError(
                f"{name} is of no use with --later, which trains nothing: leave it out"
            )
    if jobs is not None and not encoder:
        raise ConfigurationError(
            "--jobs is of the encoder's runs: write --encoder --jobs, or leave --jobs out"
        )


def print_card(card: dict[str, Any], console: Console) -> None:
    """A model card as a table: totals, then by author, then by slice."""
    table = Table(title=f"{card['tier']}: out of fold, by author left out", title_justify="left")
    names = ("n", "positives", "precision", "recall", "f1", "average_precision", "offer_right")
    table.add_column("rows of")
    for name in (*names, "false", "brier"):
        table.add_column(name.replace("_", " "), justify="right")
    parts = {"all": card["all"], **card["by_author"], **card["by_slice"]}
    for name, figures in parts.items():
        told = [figures.get(key) for key in (*names, "false", "brier")]
        table.add_row(name, *("-" if figure is None else str(figure) for figure in told))
    console.print(table)
    console.print(
        f"{card['rows']} rows, {card['positives']} positives, {card['authors']} authors; "
        f"data {card['data'][:12]}; model {card['bytes']:,} bytes"
    )


def _builtin(
    files: list[Path], folds: int | None, model: Path, opinions: Path, step: Any
) -> dict[str, Any]:
    with _needs("training"):
        from tay_middleware.training import builtin, run  # noqa: PLC0415 - an extra
        from tay_middleware.training.base import find_base  # noqa: PLC0415 - with it
    playbook = load_playbook(load_settings().prompts_dir)
    return run.train_builtin(
        run.lesson_of(files, most_folds=folds),
        playbook,
        builtin.Recipe(),
        space=builtin.load_space(find_base()),
        model_file=model,
        out_of_fold_file=opinions,
        progress=step,
    )


def _encoder(
    files: list[Path],
    folds: int | None,
    jobs: int | None,
    directory: Path,
    opinions: Path,
    work: Path,
    step: Any,
) -> dict[str, Any]:
    with _needs("training-encoder"):
        from tay_middleware.training import encoder, run  # noqa: PLC0415, F401 - an extra, now
    return run.train_encoder(
        run.lesson_of(files, most_folds=folds),
        directory=directory,
        out_of_fold_file=opinions,
        work=work,
        jobs=jobs or os.cpu_count() or 1,
        progress=step,
    )


def _judge_later(files: list[Path], model: Path | None, out_of_fold: Path | None) -> None:
    if model is None or out_of_fold is None:
        raise ConfigurationError(
            "--later needs the encoder's directory (--model) and the file of its opinions "
            "(--out-of-fold)"
        )
    with _progress() as step:
        added = judge_later(
            files,
            opinions=out_of_fold,
            directory=model,
            open_encoder=open_encoder,
            progress=step,
        )
    screen().print(f"{added:,} opinions of an encoder that never met their authors: {out_of_fold}")


@contextmanager
def _needs(extra: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ConfigurationError(_MISSING.format(name=error.name, extra=extra)) from error


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{directory}: no directory can be here: {error}") from error


def _ours() -> Path:
    if not OURS.is_dir():
        raise ConfigurationError(
            f"{OURS}: is not here, it comes with a checkout and not with the package; give label "
            "files, or directories of them: tay train own.jsonl"
        )
    return OURS


def _files(labels: list[Path]) -> list[Path]:
    return [file for path in labels for file in (training_files(path) if path.is_dir() else [path])]


@contextmanager
def _progress() -> Iterator[Any]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    with bar:
        task = bar.add_task("reading", total=1.0)
        yield lambda name, share: bar.update(task, description=name, completed=share)
