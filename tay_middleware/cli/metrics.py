"""`tay metrics`: every figure of a period, with what is sure of it."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from tay_middleware.analytics.calendar import day_of, last_days, named
from tay_middleware.analytics.catalogue import Measure
from tay_middleware.analytics.measures import Measures, measure, terms_of
from tay_middleware.analytics.titles import TITLES
from tay_middleware.analytics.wording import (
    counted,
    figure,
    interval,
    missing_days,
    percent,
    target,
)
from tay_middleware.cli.amounts import day
from tay_middleware.cli.asking import on_database
from tay_middleware.cli.progress import bar
from tay_middleware.cli.reading import reading_by
from tay_middleware.cli.screen import screen
from tay_middleware.errors import InputError
from tay_middleware.settings import load_settings
from tay_middleware.storage.reading.day_sheets import DIMENSIONS

TOLD_DAYS = (1, 3, 7, 14, 30)
"""Points of the curve of sales that are told of; `--json` has them all."""

MOST_OF_A_KIND = 12
"""Values of a dimension that are listed without `--all`: a playbook has a hundred wordings."""

LEFT_OUT = "bad reactions are told of the days alone that were summed up before"
"""What a bad reaction is, and nothing else here, is said by the playbook."""

NARROW = 100
"""Columns below which the target is left out, so that the verdict of it is not."""


def metrics(
    period: Annotated[
        str | None, typer.Argument(help="a week 2026-W47, a month 2026-11, a quarter 2026-Q4")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="the last days, without today")] = 30,
    by: Annotated[
        str | None, typer.Option(help=f"conversion by one of: {', '.join(DIMENSIONS)}")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="as it stood on a day (UTC)")] = None,
    *,
    whole: Annotated[bool, typer.Option("--all", help="every value of every dimension")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON, for programs")] = False,
) -> None:
    """Every metric of a period: rates, money, time to a sale, how people take it.

    Conversion is of mentions whose window is closed. Intervals are 95 %, by user.
    """
    if by is not None and by not in DIMENSIONS:
        raise InputError(f"--by {by}: choose one of {', '.join(DIMENSIONS)}")
    found = measured(period, days, as_of, quiet=as_json)
    if as_json:
        typer.echo(json.dumps(asdict(found), default=str, indent=2))
    else:
        _tell(found, by, whole=whole)


def measured(name: str | None, days: int, as_of: str | None, *, quiet: bool) -> Measures:
    """The metrics of a named period or of the last days, behind a progress bar."""
    settings = load_settings()
    terms = terms_of(settings, reading_by(settings, LEFT_OUT).playbook)
    now = moment(as_of)
    wanted = named(name) if name else last_days(days, now)
    if wanted.since >= day_of(now):
        raise InputError(f"{name} has not begun, or its first day is not over")
    with bar(quiet=quiet) as progress:
        task = progress.add_task("sheets of days", total=None)
        return on_database(
            settings,
            lambda database: measure(
                database,
                wanted,
                terms,
                now=now,
                step=lambda done, total: progress.update(task, completed=done, total=total or 1),
            ),
        )


def moment(said: str | None) -> datetime:
    """The moment that `--as-of` names: now, or the beginning of a day.

    Raises:
        InputError: it is no day.
    """
    if said is None:
        return datetime.now(UTC)
    found = day(said)
    if found > datetime.now(UTC):
        raise InputError(f"--as-of {said} has not come yet: nobody knows what will be known then")
    return found


def _tell(found: Measures, by: str | None, *, whole: bool) -> None:
    console = screen()
    period = found.period
    console.print(
        f"{period.since:%Y-%m-%d} to {period.until - timedelta(days=1):%Y-%m-%d}, as of "
        f"{found.as_of:%Y-%m-%d %H:%M} UTC; conversion of mentions before "
        f"{found.matured_until:%Y-%m-%d}" + (", SIMULATED" if found.simulated else "")
    )
    if found.missing:
        console.print(f"{missing_days(found.missing)}: in counts, and in no rate of users")
    console.print(table_of(found.items, by, whole=whole, columns=console.width))
    waited = found.time_to_sale
    if waited.mean_days is not None:
        console.print(
            f"from a mention to its sale: {waited.mean_days:.1f} days on average, half of them "
            f"within {waited.median_days:.1f} ({counted(waited.n, 'sale')})"
        )
        steps = ", ".join(
            f"{percent(one.share)} by day {one.day}" for one in waited.curve if one.day in TOLD_DAYS
        )
        console.print(f"sold by then, of all mentions: {steps}")
    if waited.untimed:
        console.print(f"sales of which the admin did not say when they were: {waited.untimed}")


def table_of(items: Iterable[Measure], by: str | None, *, whole: bool, columns: int) -> Table:
    """Figures as a table that keeps its words in so many columns, from 80 on."""
    has_target = columns >= NARROW
    table = _table(has_target=has_target)
    listed: Counter[tuple[str, str | None]] = Counter()
    last = ""
    for one in items:
        listed[one.name, one.dimension] += 1
        if _is_told(one, by, listed[one.name, one.dimension], whole=whole):
            table.add_row(*_row(one, is_first=one.name != last, has_target=has_target))
            last = one.name
    return table


def _is_told(one: Measure, by: str | None, number: int, *, whole: bool) -> bool:
    if by is not None:
        return one.dimension == by and (whole or number <= MOST_OF_A_KIND)
    if whole or one.dimension is None:
        return True
    if one.name == "mentions" or one.dimension in {"template", "playbook_version", "stage"}:
        return False
    return number <= MOST_OF_A_KIND


def _table(*, has_target: bool) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("", min_width=10, max_width=30)
    table.add_column("", min_width=12, overflow="fold")
    for name in ("figure", "95 %", "of"):
        table.add_column(name, justify="right", no_wrap=True)
    if has_target:
        table.add_column("target", no_wrap=True)
    table.add_column("", min_width=10, overflow="fold")
    return table


def _row(one: Measure, *, is_first: bool, has_target: bool) -> tuple[str, ...]:
    said = TITLES[one.name] if is_first else ""
    n = "" if one.unit == "count" else f"{one.n:,}"
    value = "" if one.value is None else one.value or "(none)"
    value = f"{one.dimension}: {value}" if one.dimension in DIMENSIONS else value
    return (
        said,
        value,
        figure(one.number, one.unit),
        interval(one),
        n,
        *([target(one)] if has_target else []),
        (one.stands or "").partition(":")[0],
    )
