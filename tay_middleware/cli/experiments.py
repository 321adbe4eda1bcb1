"""`tay experiments`: what each test has come to, how large one must be, and what is paused."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import typer

from tay_middleware.analytics.experiments import Verdict, examine, plan
from tay_middleware.analytics.experiments.guard import Watched, guard
from tay_middleware.cli import experiments_text as text
from tay_middleware.cli.amounts import share
from tay_middleware.cli.asking import ask, on_database
from tay_middleware.cli.noting import me, new_id, noted
from tay_middleware.cli.reading import read_by, reading_by
from tay_middleware.ending import HOW_TO_SAY_IT, ending
from tay_middleware.errors import InputError, StorageError, StorageUnavailable
from tay_middleware.playbook import HOLDOUT, Playbook
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import Database
from tay_middleware.storage.desk import pauses as sql
from tay_middleware.storage.outbox.pause_board import publish
from tay_middleware.storage.transaction import Transaction

TESTS = "which tests there are, and what each is made to find"

AFTER = {"pause": "paused", "resume": "switched on again"}

WATCH_SECONDS = 60.0
"""Between two looks of `guard --watch`."""

app = typer.Typer(
    help="State and verdict of each test; without a command, all of them.",
    invoke_without_command=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="as JSON, for programs")]


@app.callback()
def experiments(context: typer.Context, *, as_json: AsJson = False) -> None:
    """State and verdict of each test; without a command, all of them."""
    if context.invoked_subcommand is None:
        settings = load_settings()
        _tell(_examined(settings, read_by(settings, TESTS)), as_json=as_json)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="an experiment of experiments.yaml, or `holdout`")],
    *,
    as_json: AsJson = False,
) -> None:
    """One test in full: arms, differences, health."""
    settings = load_settings()
    found = _examined(settings, read_by(settings, TESTS), name)
    if not found and name == HOLDOUT:
        raise InputError("there is no holdout: its share in policy.yaml is 0")
    if not found:
        raise InputError(f"no experiment of the playbook is called {name!r}")
    if as_json:
        _print_json(asdict(found[0]))
    else:
        text.show(text.in_full(found[0]))


@app.command("plan")
def plan_command(
    baseline: Annotated[str, typer.Option(help="what the control converts: 5% or 0.05")] = "5%",
    lift: Annotated[str, typer.Option(help="least lift worth having: 50% is half more")] = "50%",
    arms: Annotated[int, typer.Option(min=2, max=8, help="how many, of the same size")] = 2,
    holdout: Annotated[
        str | None, typer.Option(help="two arms instead: so many are shown nothing, 20% say")
    ] = None,
    per_day: Annotated[
        float | None, typer.Option(min=0.01, help="new users a day who get a mention")
    ] = None,
    window_days: Annotated[float, typer.Option(min=0.1, help="how long a purchase counts")] = 14,
    *,
    as_json: AsJson = False,
) -> None:
    """How many users a test needs, and how long it takes."""
    shares = [1.0] * arms if holdout is None else [share(holdout), 1 - share(holdout)]
    try:
        sample = plan(share(baseline), share(lift), shares)
    except ValueError as error:
        raise InputError(str(error)) from None
    if as_json:
        _print_json({**asdict(sample), "arms": sample.arms()})
        return
    for line in text.planned(sample, per_day=per_day, window_days=window_days):
        typer.echo(line)


@app.command("guard")
def guard_command(
    watch: Annotated[bool, typer.Option("--watch", help="go on, a look a minute")] = False,
) -> None:
    """Pause what too many users react badly to; `tay serve` does it by itself."""
    settings = load_settings()
    playbook = read_by(settings, "what is a bad reaction, and how many are too many")
    while True:
        found = on_database(settings, partial(_guarded, settings, playbook))
        if not watch:
            text.show(text.watched(found, most=20) if found else "nothing to look at")
            return
        for one in found:
            if one.is_new:
                typer.echo(f"paused {one.name}: {one.reason}")
        time.sleep(WATCH_SECONDS)


@app.command("pauses")
def pauses_command(*, as_json: AsJson = False) -> None:
    """What was paused beside the playbook: when, why, by whom, and until when."""
    rows = ask(load_settings(), sql.history, datetime.now(UTC))
    if as_json:
        _print_json([dict(row._mapping) for row in rows])  # noqa: SLF001 - SQLAlchemy's own
    else:
        text.show(text.pauses(rows) if rows else "nothing was ever paused")


@app.command("pause")
def pause_command(
    name: Annotated[str, typer.Argument(help="an offer, or the id of a wording")],
    reason: Annotated[str, typer.Option(help="why, for the audit trail")],
    until: Annotated[
        str | None,
        typer.Option(help=f"when it ends by itself: {HOW_TO_SAY_IT}; a time is of UTC by itself"),
    ] = None,
) -> None:
    """Switch an offer or a wording off now, in every running chat."""
    settings = load_settings()
    subject = _subject(settings, name)
    now = datetime.now(UTC)
    end = _ending(until, now)
    changed = _change(
        settings,
        "pause",
        name,
        partial(
            sql.pause,
            pause_id=new_id(now),
            subject=subject,
            name=name,
            now=now,
            by=me(),
            reason=reason,
            figures={},
            until=end,
        ),
    )
    ends = f" until {end.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if end is not None else ""
    typer.echo(f"{name} is paused{ends}" if changed else f"{name} was paused already")


@app.command("resume")
def resume_command(
    name: Annotated[str, typer.Argument(help="what is paused")],
    note: Annotated[str | None, typer.Option(help="why, for the audit trail")] = None,
) -> None:
    """Switch on again what is paused; reactions from before count no more."""
    now = datetime.now(UTC)
    lift = partial(sql.lift, name=name, now=now, by=me(), note=note)
    if not _change(load_settings(), "resume", name, lift):
        raise InputError(f"{name!r} is not paused")
    typer.echo(f"{name} is switched on again")


def _subject(settings: Settings, name: str) -> sql.Subject:
    """An offer or a wording, of the playbook or of the log: chats may go by another one."""
    playbook = reading_by(settings, "only what was mentioned before can be paused").playbook
    known = None if playbook is None else sql.subject_of(playbook, name)
    found = known or ask(settings, sql.mentioned_as, name)
    if found is None:
        raise InputError(
            f"{name!r} is no offer and no wording of the playbook, and none was mentioned so"
        )
    return found


def _ending(said: str | None, now: datetime) -> datetime | None:
    try:
        return None if said is None else ending(said, now)
    except ValueError as error:
        raise InputError(f"--until: {error}") from None


def _examined(
    settings: Settings, playbook: Playbook, only: str | None = None
) -> tuple[Verdict, ...]:
    async def examined(database: Database) -> tuple[Verdict, ...]:
        return await examine(database, playbook, now=datetime.now(UTC), only=only)

    return on_database(settings, examined)


def _tell(found: tuple[Verdict, ...], *, as_json: bool) -> None:
    if as_json:
        _print_json([asdict(one) for one in found])
    elif found:
        text.show(text.in_short(found))
    else:
        typer.echo("no tests: prompts/experiments.yaml names none, and there is no holdout")


async def _guarded(
    settings: Settings, playbook: Playbook, database: Database
) -> tuple[Watched, ...]:
    now = datetime.now(UTC)
    return await guard(database, playbook, settings, now=now, new_id=lambda: new_id(now))


def _change(settings: Settings, action: str, name: str, function: Callable[..., bool]) -> bool:
    """Change the pauses, and tell the chats."""

    def change(transaction: Transaction) -> bool:
        done = function(transaction)
        if done:
            noted(transaction, action, name)
        return done

    async def changed(database: Database) -> bool:
        done = await database.write(change)
        try:
            await publish(settings, database, datetime.now(UTC))
        except StorageError as error:
            raise StorageUnavailable(
                f"it is written that {name} is {AFTER[action]}, and no chat knows of it yet. "
                f"`tay serve` and `tay drain` tell them within a minute once they can: {error}"
            ) from error
        return done

    return on_database(settings, changed)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, default=str, ensure_ascii=False, indent=2))
