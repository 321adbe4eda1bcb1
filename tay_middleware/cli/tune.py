"""`tay tune`: another threshold, replayed on what was logged; it proposes and never applies."""

import gc
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tay_middleware.analytics.tuning import (
    HIGH,
    Knob,
    Labelled,
    Log,
    Order,
    Proposal,
    Verdict,
    beginning,
    gather,
)
from tay_middleware.analytics.tuning import tune as tuned
from tay_middleware.cli import tune_text as text
from tay_middleware.cli.amounts import moment, share
from tay_middleware.cli.asking import on_database
from tay_middleware.cli.progress import spinner
from tay_middleware.cli.reading import read_by
from tay_middleware.engine.standing import is_on_disk
from tay_middleware.errors import InputError, PlaybookError
from tay_middleware.playbook import Playbook, shipped
from tay_middleware.playbook.patch import Change, patch, tried
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import Database

GARBAGE_THRESHOLD = 100_000
"""New objects between two looks of the garbage collector: what is read here stays to the end."""

MOST_QUESTIONS = 200_000
"""Of a period with more, the last so many: a rate needs no more, and memory is not endless."""


def tune(
    target_rate: Annotated[
        str | None,
        typer.Option(help="the share of questions that shall get a mention: 12.5% or 0.125"),
    ] = None,
    since: Annotated[
        str, typer.Option(help="replay from here on: 2026-11-02, or 7d, 4w before --until")
    ] = "4w",
    until: Annotated[str | None, typer.Option(help="up to here; default: now")] = None,
    last: Annotated[
        int | None, typer.Option(min=1, help="the last so many questions, instead of --since")
    ] = None,
    stage: Annotated[
        Knob | None,
        typer.Option(help="whose threshold to move; default: the one that finds most needs"),
    ] = None,
    most: Annotated[str, typer.Option(help="the rate that is never exceeded")] = f"{HIGH:.0%}",
    annoyance_cost: Annotated[
        float,
        typer.Option(min=0, help="what a mention that is taken badly costs: 20 is 20 EUR, or JPY"),
    ] = 0.0,
    labels: Annotated[
        list[Path] | None,
        typer.Option(help="labelled questions, JSON Lines, for precision; may be given again"),
    ] = None,
    playbook_version: Annotated[
        list[str] | None,
        typer.Option(help="count questions of this version of the playbook too; may be repeated"),
    ] = None,
    patch_file: Annotated[
        Path | None, typer.Option("--patch", help="write the change here, for `patch -p1`")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON, for programs")] = False,
) -> None:
    """Replay the log at other thresholds, and propose one; a person applies it.

    With --target-rate: the threshold at which so many questions would have got a mention, cool-down
    and caps made again for each user. Without: the most valuable one below the limit, where the
    holdout is large enough to tell; else the present one.

    Nothing is guessed. A lower threshold's sales are refused (nobody was shown such a mention), and
    so is every estimate from fewer than 200 effective users. Exit code 1 when all is refused.

    Try: tay tune --target-rate 12.5% --patch tune.patch
    Then: tay playbook diff --help, to see which decisions it flips.
    """
    settings = load_settings()
    playbook = read_by(settings, "by which thresholds decisions fall")
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    end = moment(until, datetime.now(UTC)) if until else datetime.now(UTC)
    with spinner("the log", quiet=as_json) as step:
        log = _gathered(
            settings, playbook, moment(since, end), end, last, stage, playbook_version, step
        )
        step("judging labelled questions")
        order = Order(
            target=share(target_rate) if target_rate else None,
            most=share(most),
            annoyance_cost=annoyance_cost,
            attribution_days=settings.attribution_days,
            labelled=_labelled(labels or [], playbook, settings, log.knob),
        )
        found = tuned(log, playbook, order, step)
    # A patch of files that are wrong could not be tried.
    change = _change(found, settings) if is_on_disk(playbook, settings) else ""
    _tell(found, change, settings, patch_file, as_json=as_json)
    if found.verdict is Verdict.REFUSED:
        raise typer.Exit(1)


def _tell(
    found: Proposal, change: str, settings: Settings, patch_file: Path | None, *, as_json: bool
) -> None:
    if as_json:
        typer.echo(json.dumps({**asdict(found), "patch": change}, default=str, indent=2))
    else:
        text.tell(found)
    _write(change, patch_file, settings, quiet=as_json)


def _gathered(
    settings: Settings,
    playbook: Playbook,
    since: datetime,
    until: datetime,
    last: int | None,
    stage: Knob | None,
    versions: Sequence[str] | None,
    step: Callable[[str], None],
) -> Log:
    if since >= until:
        raise InputError("the period ends before it begins: --since must lie before --until")

    async def gathered(database: Database) -> Log:
        begin = await beginning(database, last or MOST_QUESTIONS, until)
        if last is None:
            begin = max(since, begin or since)
        return await gather(
            database,
            playbook,
            since=begin or datetime.fromtimestamp(0, UTC),
            until=until,
            knob=stage,
            versions=versions or (),
            step=step,
        )

    return on_database(settings, gathered)


def _labelled(
    files: Sequence[Path], playbook: Playbook, settings: Settings, knob: Knob
) -> list[Labelled]:
    if not files:
        return []
    from tay_middleware.analytics.tuning.judge import judge  # noqa: PLC0415 - reads the scorers
    from tay_middleware.evals.rows import read_rows  # noqa: PLC0415 - not needed without labels

    rows = [row for path in files for row in read_rows(path)]
    return judge(rows, playbook, settings, knob)


def _change(found: Proposal, settings: Settings) -> str:
    """The patch of a proposal, held against the whole playbook; empty where nothing changes."""
    if found.verdict is not Verdict.MOVE or found.proposed is None:
        return ""
    directory = settings.prompts_dir or shipped()
    name = f"{directory.resolve().name}/policy.yaml"
    change = patch(directory / "policy.yaml", found.knob.split("."), found.proposed, name)
    _check(directory, found)
    return change


def _check(directory: Path, found: Proposal) -> None:
    """Refuse a proposal that the rest of the playbook does not bear (a test's arm, say)."""
    change = Change("policy.yaml", found.knob.split("."), found.proposed or 0.0)
    try:
        with tried(directory, [change]):
            pass
    except PlaybookError as error:
        raise InputError(f"{found.words}; but then {error}") from None


def _write(change: str, path: Path | None, settings: Settings, *, quiet: bool) -> None:
    if path is None:
        return
    if not change:
        if not quiet:
            typer.echo("no patch is written: nothing changes, or prompts/ has to be mended first")
        return
    path.write_bytes(change.encode())
    if not quiet:
        place = (settings.prompts_dir or shipped()).resolve().parent
        there = "" if place == Path.cwd().resolve() else f" -d {place}"
        typer.echo(f"{path}: written; look at it, then: patch -p1{there} < {path}")
