"""`tay playbook`: what is wrong with `prompts/`, and what a change of it does."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from tay_middleware.cli.progress import bar
from tay_middleware.errors import PlaybookError
from tay_middleware.playbook import Playbook, last_good, load_playbook
from tay_middleware.playbook.notes import moved, notes
from tay_middleware.settings import Settings, load_settings

if TYPE_CHECKING:
    from tay_middleware.analytics.replay import Preview, Stretch
    from tay_middleware.storage import Database

app = typer.Typer(
    help="Check the playbook in prompts/, and see what a change of it does.", no_args_is_help=True
)


@app.callback()
def playbook() -> None:
    """Check the playbook in prompts/, and see what a change of it does."""


@app.command("check")
def check(
    directory: Annotated[
        Path | None,
        typer.Argument(help="playbook to check; default: TAY_PROMPTS_DIR, else the shipped one"),
    ] = None,
) -> None:
    """Validate a playbook, voice and conduct included, and print every problem at once.

    Each problem names the file, the line, the field and the mend. Exit code 1 if there is any.
    """
    settings = load_settings()
    try:
        found = load_playbook(directory or settings.prompts_dir)
    except PlaybookError:
        _tell_of_last_good(directory or settings.prompts_dir, settings.home)
        raise
    typer.echo(
        f"the playbook is sound: {len(found.offers)} offers, {len(found.templates)} wordings, "
        f"version {found.version}"
    )
    for line in (*notes(found), *_moved(found, directory or settings.prompts_dir, settings.home)):
        typer.echo(f"note: {line}")
    for line in unlearned(found):
        typer.echo(line)


def _moved(found: Playbook, directory: Path | None, home: Path) -> Iterator[str]:
    """What the change since a chat on this machine last started does to tests that run."""
    with suppress(OSError):
        former = last_good(directory, home)
        if former is not None:
            yield from moved(former, found, datetime.now(UTC))


def _tell_of_last_good(directory: Path | None, home: Path) -> None:
    """What a chat on this machine goes by meanwhile."""
    with suppress(OSError):
        former = last_good(directory, home)
        if former is not None:
            typer.echo(
                f"not in force: what starts here now goes by version {former.version}, the last "
                "good one",
                err=True,
            )


def unlearned(found: Playbook) -> Iterator[str]:
    """What the scorers do not know of a catalogue, and what that means."""
    from tay_middleware.decide.model import read_model  # noqa: PLC0415 - only here

    if not found.policy.cascade.learned:
        return
    learned = read_model(load_settings().scorer_file).offers
    for name in found.offers:
        if name not in learned:
            yield (
                f"note: the scorers have not learned {name!r}: its phrases alone choose it "
                "(evidence in offers.yaml), until you train them on questions of it: tay train"
            )
    for name in learned:
        if name not in found.offers:
            yield (
                f"note: the scorers know {name!r}, which offers.yaml does not have: where they "
                "would choose it nothing is mentioned. Is it renamed? Its old key keeps it known"
            )


@app.command("diff")
def diff(
    changed: Annotated[
        Path | None,
        typer.Argument(help="the changed playbook; default: TAY_PROMPTS_DIR, else the shipped one"),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="the one in force; default: TAY_PROMPTS_DIR, else the shipped one"),
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="decide the log under both, and list what flips")
    ] = False,
    since: Annotated[
        str, typer.Option(help="replay from here on: 2026-11-02, or 7d, 4w before --until")
    ] = "7d",
    until: Annotated[str | None, typer.Option(help="up to here; default: now")] = None,
    last: Annotated[
        int | None, typer.Option(min=1, help="the last so many questions, instead of --since")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="examples of each way in which decisions flip")
    ] = 3,
    most: Annotated[
        int, typer.Option(min=1, help="of more questions than these a sample is replayed")
    ] = 10_000,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON, for programs")] = False,
) -> None:
    """Say what differs between two playbooks, and with --replay which decisions it flips.

    The replay decides logged questions again under both playbooks, by the real stages, policy and
    wordings, each on a history of its own, and lists who would now be offered something, or no
    longer, or something else. Nothing is written. Copy prompts/, change the copy, and:

    tay playbook diff changed/prompts --replay --since 7d

    What the log does not hold (signals, replies, words where TAY_STORE_TEXT is none) is taken as it
    was, or said to be missing; how near the replay comes to what really happened stands on top.
    """
    from tay_middleware.cli import playbook_text as text  # noqa: PLC0415 - keeps `check` light

    settings = load_settings()
    new = load_playbook(changed or settings.prompts_dir)
    old = load_playbook(against or settings.prompts_dir)
    if not replay:
        text.tell_edits(old, new, as_json=as_json)
        return
    from tay_middleware.cli.amounts import moment  # noqa: PLC0415 - as above

    end = moment(until, datetime.now(UTC)) if until else datetime.now(UTC)
    with _progress(quiet=as_json) as step:
        found = _previewed(
            settings, old, new, moment(since, end), end, last, most=most, examples=limit, step=step
        )
    if as_json:
        typer.echo(json.dumps(asdict(found), default=str, ensure_ascii=False, indent=2))
    else:
        text.tell_preview(found)


def _previewed(
    settings: Settings,
    old: Playbook,
    new: Playbook,
    since: datetime,
    until: datetime,
    last: int | None,
    *,
    most: int,
    examples: int,
    step: Callable[[int, int], None],
) -> "Preview":
    from tay_middleware.analytics.replay import preview, read  # noqa: PLC0415 - as above
    from tay_middleware.analytics.tuning import beginning  # noqa: PLC0415 - as above
    from tay_middleware.cli.asking import on_database  # noqa: PLC0415 - as above

    async def stretch(database: "Database") -> "Stretch":
        begin = since
        if last is not None:
            begin = await beginning(database, last, until) or datetime.fromtimestamp(0, UTC)
        return await read(database, begin, until, most)

    found = on_database(settings, stretch)
    return preview(found, old, new, settings, examples=examples, step=step)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    columns = (
        TextColumn("deciding again"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with bar(*columns, quiet=quiet) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)
