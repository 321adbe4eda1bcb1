"""How a tuning reads in a terminal."""

import re
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tay_middleware.analytics.tuning import Estimate, Point, Proposal, Share, Verdict
from tay_middleware.analytics.wording import major
from tay_middleware.cli.screen import screen

_COLOURS = {Verdict.MOVE: "green", Verdict.KEEP: "cyan", Verdict.REFUSED: "red"}


def tell(found: Proposal) -> None:
    """Print all of it."""
    screen().print(in_full(found))


def in_full(found: Proposal) -> RenderableType:
    """The verdict, what it was made of, and what other thresholds come to."""
    parts: list[RenderableType] = [Text(found.words, style=f"bold {_COLOURS[found.verdict]}")]
    if found.simulated:
        parts.insert(0, Text("SIMULATED: these people do not exist", style="bold yellow"))
    parts += [Text(line) for line in _origin(found)]
    if found.stages:
        parts += ["", _stages(found)]
    if found.points:
        parts += ["", _points(found)]
    notes = [*(one for one in found.reasons if one not in found.words), *_refusals(found)]
    if notes:
        parts += ["", *(Text(f"- {note}") for note in dict.fromkeys(notes))]
    return Group(*parts)


def _origin(found: Proposal) -> Iterator[str]:
    yield (
        f"{found.questions:,} questions of {found.users:,} users, {found.since:%Y-%m-%d %H:%M} to "
        f"{found.until:%Y-%m-%d %H:%M} UTC"
    )
    if found.questions:
        yield f"the replay makes {found.agreement:.1%} of the logged mentions again"
    if found.annoyance_cost:
        yield f"a mention that is taken badly costs {found.annoyance_cost:,.10g}"
    for version, many in found.others.items():
        yield f"left out: {many:,} questions that version {version} of the playbook decided"


def _stages(found: Proposal) -> Table:
    table = Table(
        "decided by", "questions", "needs found", "threshold", "", box=None, pad_edge=False
    )
    for one in found.stages:
        live = "none" if one.live is None else f"{one.live:g}"
        note = f"replayed: {found.knob}" if one.replayed else "stays as it was logged"
        table.add_row(one.name, f"{one.questions:,}", f"{one.needs:,}", live, note)
    return table


def _points(found: Proposal) -> Table:
    """One threshold a line, with 95 % intervals; columns in which nothing stands are left out."""
    columns = [
        ("mentions", [f"{point.mentions:,}" for point in found.points]),
        ("rate, %", [_share(point.rate) for point in found.points]),
        ("in the log", [f"{point.known:.0%}" for point in found.points]),
        ("right by labels, %", [_share(point.precision) for point in found.points]),
        ("found helpful, %", [_share(point.helpful) for point in found.points]),
        ("taken badly, %", [_share(point.annoyed) for point in found.points]),
        ("credited sales, %", [_rate(point.credited) for point in found.points]),
        ("added purchases", [_number(point.added.purchases) for point in found.points]),
        (
            f"added net{_currency(found)}",
            [_money(point.net, found.currency) for point in found.points],
        ),
    ]
    kept = [(head, cells) for head, cells in columns if not {"-", "refused"}.issuperset(cells)]
    table = Table("threshold", *(head for head, _ in kept), box=None)
    for at, point in enumerate(found.points):
        style = "bold" if point.threshold == found.proposed else ""
        table.add_row(_name(point, found), *(cells[at] for _, cells in kept), style=style)
    return table


def _name(point: Point, found: Proposal) -> str:
    marks = []
    if point.threshold == found.live:
        marks.append("now")
    if point.threshold == found.proposed and found.proposed != found.live:
        marks.append("proposed")
    return f"{point.threshold:g}" + (f" ({', '.join(marks)})" if marks else "")


def _share(one: Share | None) -> str:
    if one is None or one.value is None:
        return "-"
    return f"{100 * one.value:.1f} ({100 * one.low:.1f} to {100 * one.high:.1f})"


def _rate(one: Estimate) -> str:
    if one.value is None or one.low is None or one.high is None:
        return "refused"
    return f"{100 * one.value:.1f} ({100 * one.low:.1f} to {100 * one.high:.1f})"


def _number(one: Estimate) -> str:
    if one.value is None or one.low is None or one.high is None:
        return "refused"
    return f"{one.value:,.0f} ({one.low:,.0f} to {one.high:,.0f})"


def _money(one: Estimate, currency: str | None) -> str:
    if one.value is None or one.low is None or one.high is None:
        return "refused"
    value, low, high = (major(minor, currency or "") for minor in (one.value, one.low, one.high))
    return f"{value:,.0f} ({low:,.0f} to {high:,.0f})"


def _currency(found: Proposal) -> str:
    return f", {found.currency.upper()}" if found.currency else ""


def _refusals(found: Proposal) -> Iterator[str]:
    """Why estimates are refused: each kind of reason once, as it is at the first threshold."""
    kinds: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for point in found.points:
        for name, estimate in (("credited sales", point.credited), ("added net", point.net)):
            if estimate.refused:
                kind = name, re.sub(r"[\d,]+", "", estimate.refused)
                _, thresholds = kinds.setdefault(kind, (estimate.refused, []))
                thresholds.append(f"{point.threshold:g}")
    for (name, _), (reason, thresholds) in kinds.items():
        also = f"; likewise at {', '.join(thresholds[1:])}" if thresholds[1:] else ""
        yield f"{name} at {thresholds[0]}: {reason}{also}"
