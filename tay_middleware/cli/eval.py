"""`tay eval`: how right the decisions are, on our labels or on anybody's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperCommand, TyperGroup

from tay_middleware.cli.progress import spinner
from tay_middleware.cli.screen import screen
from tay_middleware.playbook import load_playbook, shipped
from tay_middleware.settings import load_settings

WIDTH = 200
"""Columns when the output is piped: wide enough for the table of files."""

_MANY = ("--questions", "--conversations", "--tier")


class _RunByDefault(TyperGroup):
    """`tay eval --questions F` is `tay eval run --questions F`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in {"--help", "-h"}):
            args = ["run", *args]
        return list(super().parse_args(ctx, args))


class _ManyFiles(TyperCommand):
    """`--questions A B C` is `--questions A --questions B --questions C`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return list(super().parse_args(ctx, list(_repeated(args))))


def _repeated(args: list[str]) -> Iterator[str]:
    option, given = "", 0
    for arg in args:
        if arg.startswith("-"):
            option, given = (arg if arg in _MANY else ""), 0
        elif option:
            given += 1
            if given > 1:
                yield option
        yield arg


app = typer.Typer(
    name="eval",
    cls=_RunByDefault,
    help="How right the decisions are: on this project's labels, or on anybody's labelled files.",
    rich_markup_mode="rich",
)

Tiers = Annotated[
    list[str] | None,
    typer.Option("--tier", help="only these tiers, e.g. keywords; default: all", metavar="NAME..."),
]
Page = Annotated[Path | None, typer.Option("--html", help="write the report as one HTML file")]
Text = Annotated[Path | None, typer.Option("--markdown", help="write the report as Markdown")]


@app.command("run", cls=_ManyFiles)
def run(
    questions: Annotated[
        list[Path] | None,
        typer.Option("--questions", help="labelled questions, JSON Lines", metavar="FILE..."),
    ] = None,
    conversations: Annotated[
        list[Path] | None,
        typer.Option("--conversations", help="labelled conversations", metavar="FILE..."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--json", help="write everything as JSON, the named figures at its top level"),
    ] = None,
    page: Page = None,
    text: Text = None,
    tier: Tiers = None,
) -> None:
    """Evaluate every tier and print the figures; without files, on this project's own labels.

    Files of others are judged by the tiers that are installed, as users meet them. Our own are
    judged out of fold: by scorers that never saw the author. Formats: evals/data/README.md.

    Try: tay eval --questions mine.jsonl --json figures.json
    """
    _require()
    from tay_middleware.evals.offline import (  # noqa: PLC0415 - an extra
        evaluate_ours,
        evaluate_theirs,
    )

    playbook = load_playbook(load_settings().prompts_dir)
    with spinner("labels", quiet=False) as step:
        if questions or conversations:
            found = evaluate_theirs(
                playbook, questions or [], conversations or [], tier or [], step
            )
        else:
            found = evaluate_ours(playbook, tier or [], step)
    _tell(found, (), out, page, text)


@app.command("gate", cls=_ManyFiles)
def gate(
    gates: Annotated[Path | None, typer.Option(help="default: evals/gates.yaml")] = None,
    made: Annotated[
        Path | None, typer.Option("--run", help="a run as JSON; default: evaluate now")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--json", help="default: evals/runs/latest.json")
    ] = None,
    page: Page = None,
    text: Text = None,
    tier: Tiers = None,
) -> None:
    """Hold the figures against the floors of evals/gates.yaml, and against the baseline.

    Exit code 1 when a gate is broken, cannot be decided, or is easier than it was. Goals stand
    beside the floors and decide nothing. Writes JSON, Markdown and HTML to evals/runs.
    """
    _require()
    from tay_middleware.evals import offline  # noqa: PLC0415 - an extra
    from tay_middleware.evals.baseline import read_baseline  # noqa: PLC0415 - an extra
    from tay_middleware.evals.gates import read_gates  # noqa: PLC0415 - an extra
    from tay_middleware.evals.run import read_run  # noqa: PLC0415 - an extra

    lines = read_gates(gates or offline.GATES)
    if made is not None:
        found = read_run(made)
    else:
        with spinner("labels", quiet=False) as step:
            playbook = load_playbook(load_settings().prompts_dir)
            found = offline.evaluate_ours(playbook, tier or [], step)
        out = out or offline.RUNS / "latest.json"
        page, text = page or out.with_suffix(".html"), text or out.with_suffix(".md")
    # Gates of somebody's own were never in the baseline, and so cannot be lower than there.
    baseline = read_baseline(offline.BASELINE) if gates is None else None
    held = offline.hold_against(found, lines, baseline, tier or [])
    _tell(found, held.verdicts, out, page, text)
    if gates is not None:
        typer.echo("own gates: not compared with a baseline")
    elif baseline is None:
        typer.echo("no baseline yet: tay eval baseline RUN.json makes one")
    _tell_baseline(held)
    if not held.holds:
        raise typer.Exit(1)


@app.command("compare")
def compare(
    first: Annotated[Path, typer.Argument(metavar="A.json")],
    second: Annotated[Path, typer.Argument(metavar="B.json")],
    tier: Annotated[
        str | None, typer.Option(help="tier of A; default: the best one of each run")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="tier of B, where it is another than that of A")
    ] = None,
) -> None:
    """List the decisions that flipped from run A to run B, with a paired test.

    McNemar's exact test on the flips; differences of F1, precision and recall with the same
    families drawn for both. With one file twice, two tiers of one run:
    tay eval compare R.json R.json --tier builtin --against encoder
    """
    _require()
    from tay_middleware.evals.compare import compare as compared  # noqa: PLC0415 - an extra
    from tay_middleware.evals.report import print_tables  # noqa: PLC0415 - an extra
    from tay_middleware.evals.run import read_run  # noqa: PLC0415 - an extra
    from tay_middleware.evals.tables import comparison_tables  # noqa: PLC0415 - an extra

    one, other = read_run(first), read_run(second)
    name = tier or one.headline or ""
    found = compared(one, other, name, against or tier or other.headline or "")
    print_tables(comparison_tables(found), _console())


@app.command("report")
def report(
    made: Annotated[Path, typer.Argument(metavar="RUN.json")],
    page: Page = None,
    text: Text = None,
) -> None:
    """Print the report of a run that was written with --json; --html has the plots."""
    _require()
    from tay_middleware.evals.run import read_run  # noqa: PLC0415 - an extra

    _tell(read_run(made), (), None, page, text)


@app.command("baseline")
def baseline(
    made: Annotated[Path, typer.Argument(metavar="RUN.json")],
    out: Annotated[Path | None, typer.Option(help="default: evals/baseline.json")] = None,
) -> None:
    """Accept a run: what later runs are compared with, and below which no floor may fall."""
    _require()
    from tay_middleware.evals import offline  # noqa: PLC0415 - an extra
    from tay_middleware.evals.baseline import make_baseline, write_baseline  # noqa: PLC0415 - an extra
    from tay_middleware.evals.gates import read_gates  # noqa: PLC0415 - an extra
    from tay_middleware.evals.run import read_run  # noqa: PLC0415 - an extra

    path = out or offline.BASELINE
    write_baseline(path, make_baseline(read_run(made), read_gates(offline.GATES)))
    typer.echo(f"{path}: written")


@app.command("thresholds")
def thresholds(
    tier: Annotated[str, typer.Option(help="whose threshold: keywords, builtin, encoder")],
    precision: Annotated[
        float, typer.Option(help="the floor of precision", min=0.0, max=1.0)
    ] = 0.9,
) -> None:
    """Choose the threshold with the best F1 above a floor of precision, on out-of-fold scores.

    Prints what it comes to on all rows, and nested: each author's rows by the threshold that the
    other authors choose. Then a patch of prompts/policy.yaml; a person applies it, never we.
    """
    _require()
    from tay_middleware.evals.offline import out_of_fold_reaches  # noqa: PLC0415 - an extra
    from tay_middleware.evals.report import print_tables  # noqa: PLC0415 - an extra
    from tay_middleware.evals.tables import threshold_tables  # noqa: PLC0415 - an extra
    from tay_middleware.evals.thresholds import choose, patch  # noqa: PLC0415 - an extra

    settings = load_settings()
    reached = out_of_fold_reaches(load_playbook(settings.prompts_dir), tier)
    chosen = choose(reached, precision)
    print_tables(threshold_tables(tier, chosen, precision), _console())
    policy = (settings.prompts_dir or shipped()) / "policy.yaml"
    typer.echo(patch(policy, tier, chosen.best.threshold) or "the policy says so already")


@app.command("agreement")
def agreement(
    second: Annotated[Path, typer.Argument(metavar="SECOND.jsonl", help="id, escalate, offer")],
    labels: Annotated[
        Path, typer.Option(help="directory of the label files that it is about")
    ] = Path("evals/data"),
) -> None:
    """How far a second person's labels agree with the first: Cohen's kappa, and each dispute.

    Try: tay eval agreement evals/second_labels/sample.jsonl
    """
    _require()
    from tay_middleware.evals.agreement import agreement as agreed  # noqa: PLC0415 - an extra
    from tay_middleware.evals.agreement import read_second_labels  # noqa: PLC0415 - an extra
    from tay_middleware.evals.out_of_fold import training_files  # noqa: PLC0415 - an extra
    from tay_middleware.evals.report import print_tables  # noqa: PLC0415 - an extra
    from tay_middleware.evals.rows import read_rows  # noqa: PLC0415 - an extra
    from tay_middleware.evals.tables import agreement_tables  # noqa: PLC0415 - an extra

    rows = {file.stem: read_rows(file) for file in training_files(labels)}
    print_tables(agreement_tables(agreed(rows, read_second_labels(second))), _console())


def _require() -> None:
    from tay_middleware.evals.offline import require_extra  # noqa: PLC0415 - keeps `tay` light

    require_extra()


def _tell(
    found: Any, verdicts: Any, out: Path | None, page: Path | None, text: Path | None
) -> None:
    from tay_middleware.evals.report import print_tables, write_reports  # noqa: PLC0415 - an extra
    from tay_middleware.evals.run import write_run  # noqa: PLC0415 - an extra
    from tay_middleware.evals.tables import tables  # noqa: PLC0415 - an extra

    print_tables(tables(found, verdicts), _console())
    if out is not None:
        write_run(out, found)
    write_reports(found, verdicts, page, text)
    for path in (out, page, text):
        if path is not None:
            typer.echo(f"written: {path}")


def _tell_baseline(held: Any) -> None:
    from tay_middleware.evals.report import print_tables  # noqa: PLC0415 - an extra
    from tay_middleware.evals.tables import comparison_tables  # noqa: PLC0415 - an extra

    if held.changed:
        typer.echo(f"the baseline is void, labels have changed: {', '.join(held.changed)}")
    for line in held.lowered:
        typer.echo(f"A GATE WAS LOWERED: {line}")
    for one in held.flips:
        if one.won or one.lost:
            print_tables(comparison_tables(one), _console())


def _console() -> Console:
    return screen(WIDTH)
