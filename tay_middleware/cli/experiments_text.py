"""How verdicts, plans and pauses read in a terminal."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tay_middleware.analytics.experiments import ArmResult, Call, SamplePlan, Verdict
from tay_middleware.analytics.experiments.guard import Watched
from tay_middleware.analytics.wording import major
from tay_middleware.cli.screen import screen

WIDTH = 200
"""Columns when the output is piped: a verdict is a sentence, and stays on its line."""

_COLOURS = {
    Call.SHIP: "green",
    Call.NO_DIFFERENCE: "cyan",
    Call.NOT_BETTER: "cyan",
    Call.UNHEALTHY: "red",
    Call.KEEP_COLLECTING: "yellow",
}


def in_short(verdicts: Sequence[Verdict]) -> RenderableType:
    """All experiments, one a line."""
    table = Table("experiment", "state", "users", "verdict", box=None, pad_edge=False)
    for one in verdicts:
        users = f"{sum(arm.users for arm in one.arms):,} of {one.planned:,}"
        table.add_row(one.name, one.state.value, users, _said(one))
    return table


def in_full(one: Verdict) -> RenderableType:
    """One experiment with everything that is known of it."""
    parts: list[RenderableType] = [Text(one.name, style="bold"), Text(one.asks), _said(one), ""]
    parts.append(_arms(one))
    if one.comparisons:
        parts += ["", _comparisons(one)]
    lines = [*_brought(one), *_health(one), *one.notes]
    return Group(*parts, "", *(Text(f"- {line}") for line in lines))


def planned(sample: SamplePlan, *, per_day: float | None, window_days: float) -> Iterator[str]:
    """What an experiment needs, in sentences."""
    better = sample.baseline * (1 + sample.lift)
    yield f"{percent(sample.baseline)} against {percent(better)}, a lift of {sample.lift:.0%}"
    arms = " + ".join(f"{users:,}" for users in sample.arms())
    yield f"users: {sample.users:,} ({arms}), looked at as often as you like"
    yield f"read once, at the end, never before: {sample.read_once:,}"
    yield f"without any difference it may go on to {sample.to_decide:,}"
    if per_day:
        days = sample.users / per_day
        yield (
            f"with {per_day:g} new users a day who get a mention: {days:.0f} days, and "
            f"{window_days:g} more until the last one's window is over"
        )


def pauses(rows: Sequence[Any]) -> RenderableType:
    """The audit trail of pauses, newest first."""
    names = ("paused", "what", "by", "why", "until", "switched on again", "by", "note")
    table = Table(*names, box=None, pad_edge=False)
    for row in rows:
        until, ended = (f"{at:%Y-%m-%d %H:%M}" if at else "-" for at in (row.until, row.lifted_at))
        table.add_row(
            f"{row.paused_at:%Y-%m-%d %H:%M}",
            row.name,
            row.paused_by,
            row.reason,
            until,
            ended,
            row.lifted_by or "",
            row.note or "",
        )
    return table


def watched(found: Sequence[Watched], *, most: int) -> RenderableType:
    """How users took offers and wordings, the worst first."""
    table = Table("what", "users", "bad", "share", "", box=None, pad_edge=False)
    for one in found[:most]:
        state = "paused now" if one.is_new else "paused" if one.is_paused else ""
        table.add_row(
            one.name, f"{one.users:,}", f"{one.bad:,}", f"{one.bad / one.users:.1%}", state
        )
    return table


def show(found: RenderableType) -> None:
    """Print something, as wide as it needs where nobody looks at a terminal."""
    screen(WIDTH).print(found)


def percent(share: float) -> str:
    """A rate as people write it: two digits that count."""
    return f"{100 * share:.3g} %"


def _said(one: Verdict) -> Text:
    return Text(one.words, style=_COLOURS[one.call])


def _arms(one: Verdict) -> Table:
    table = Table("arm", "share", "users", "matured", "bought", "rate, 95 %", box=None)
    for arm in one.arms:
        name = f"{arm.name} (control)" if arm.name == one.control else arm.name
        counts = (f"{arm.chance:.0%}", f"{arm.users:,}", f"{arm.matured:,}", f"{arm.conversions:,}")
        table.add_row(name, *counts, _rate(arm))
    return table


def _rate(arm: ArmResult) -> str:
    if arm.rate is None or arm.interval is None:
        return "too little data"
    return f"{percent(arm.rate)} ({100 * arm.interval.low:.3g} to {100 * arm.interval.high:.3g})"


def _comparisons(one: Verdict) -> Table:
    table = Table("against", "points", "95 %, look when you like", "better", "cost", box=None)
    for found in one.comparisons:
        table.add_row(
            f"{found.arm} against {found.control}",
            f"{100 * found.difference:+.2f}",
            f"{100 * found.interval.low:+.2f} to {100 * found.interval.high:+.2f}",
            f"{found.chance_to_beat:.0%}",
            f"{100 * found.expected_loss:.3f}",
        )
    return table


def _brought(one: Verdict) -> Iterator[str]:
    for found in one.increments:
        unit = "purchases" if found.currency is None else found.currency.upper()
        amount, low, high = (
            minor if found.currency is None else major(minor, found.currency)
            for minor in (found.amount, found.interval.low, found.interval.high)
        )
        yield (
            f"the mentions brought {amount:,.0f} {unit} more than silence "
            f"({low:,.0f} to {high:,.0f})"
        )


def _health(one: Verdict) -> Iterator[str]:
    yield from one.health.problems
    yield from one.health.doubts
    if one.health.is_sound:
        yield f"healthy: sizes of the arms as planned (p = {one.health.sample_ratio:.2g})"
