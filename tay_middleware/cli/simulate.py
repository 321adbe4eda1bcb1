"""`tay simulate`: people who do not exist, through everything that does."""

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

from tay_middleware.analytics.calendar import day_of
from tay_middleware.cli.amounts import day
from tay_middleware.cli.progress import bar

if TYPE_CHECKING:
    from tay_middleware.settings import Settings
    from tay_middleware.simulate import Order, Result


def simulate(
    users: Annotated[int, typer.Option(min=1, max=100_000, help="how many people")] = 1000,
    days: Annotated[int, typer.Option(min=1, max=730, help="how long, up to --until")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="the same seed gives the same rows")] = 1,
    until: Annotated[
        str | None, typer.Option(help="its end, a day (UTC); default: this morning")
    ] = None,
    home: Annotated[Path, typer.Option(help="a directory of its own")] = Path(".tay-simulated"),
    database_url: Annotated[
        str | None, typer.Option(help="where rows go; default: tay.db in the home")
    ] = None,
    prompts_dir: Annotated[
        Path | None,
        typer.Option(help="a playbook to play by; default: ours with a test and a holdout"),
    ] = None,
    *,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="throw away what was simulated into the home before")
    ] = False,
    among_real_rows: Annotated[
        bool, typer.Option("--among-real-rows", help="let made-up rows go beside real ones")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON, for programs")] = False,
) -> None:
    """Simulate a month: made-up people with a known truth, through engine, webhooks and SQL.

    Every row of it says that it is simulated. A database with real rows is refused.
    """
    from tay_middleware.simulate import Order  # noqa: PLC0415 - brings the whole server along
    from tay_middleware.simulate import simulate as play  # noqa: PLC0415 - the same

    order = Order(
        until=_day(until),
        users=users,
        days=days,
        seed=seed,
        home=home,
        database_url=database_url,
        prompts_dir=prompts_dir,
        fresh=fresh,
        among_real_rows=among_real_rows,
    )
    begun = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with bar(*columns, quiet=as_json) as progress:
        task = progress.add_task(f"{users} people, {days} days", total=1.0)
        result = play(order, lambda share: progress.update(task, completed=share))
    said = _said(order, result, seconds=time.monotonic() - begun)
    if as_json:
        typer.echo(json.dumps(said, indent=2))
    else:
        _tell(said)


def _said(order: "Order", result: "Result", *, seconds: float) -> dict[str, Any]:
    return {
        "simulated": True,
        "seconds": round(seconds, 1),
        "seed": order.seed,
        "begins_at": (order.until - timedelta(days=order.days)).isoformat(),
        "ends_at": order.until.isoformat(),
        "playbook_version": result.place.playbook.version,
        "counts": asdict(result.counts),
        "truth": result.truth,
        "effect": result.effect,
        "environment": _environment(result.place.settings, result.place.prompts_dir),
    }


def _day(said: str | None) -> datetime:
    return day_of(datetime.now(UTC)) if said is None else day(said)


def _environment(settings: "Settings", prompts_dir: Path | None) -> dict[str, str]:
    """What commands need in order to look at it."""
    found = {"TAY_HOME": str(settings.home)}
    if prompts_dir is not None:
        found["TAY_PROMPTS_DIR"] = str(prompts_dir)
    url = settings.database_url
    return found | ({"TAY_DATABASE_URL": url} if url else {})


def _tell(said: dict[str, Any]) -> None:
    counts, effect = said["counts"], said["effect"]
    questions, mentions = counts["questions"], counts["mentions"]
    typer.echo(
        f"simulated in {said['seconds']} s: {questions} questions, {mentions} mentions "
        f"({100 * mentions / max(questions, 1):.1f} %), {counts['held_out']} held out, "
        f"{counts['purchases']} purchases, {counts['clicks']} clicks, "
        f"{counts['feedback']} words of feedback"
    )
    if effect["lift"] is not None:
        typer.echo(
            f"the truth: of {effect['people']} people to whom a mention was due, "
            f"{100 * effect['alone']:.1f} % buy without it and {100 * effect['told']:.1f} % with "
            f"it, {100 * effect['lift']:+.0f} %"
        )
    for name in counts["paused"]:
        typer.echo(f"paused by itself: {name}")
    prefix = " ".join(f"{name}={value}" for name, value in said["environment"].items())
    typer.echo(f"look at it:\n  {prefix} tay experiments\n  {prefix} tay serve")
