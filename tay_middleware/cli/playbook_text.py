"""How a change of the playbook reads in a terminal: what differs, and what it flips."""

import json
from collections.abc import Iterator
from dataclasses import asdict

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tay_middleware.analytics.replay import Example, Flip, Preview, edits
from tay_middleware.cli.screen import screen
from tay_middleware.playbook import Playbook

_COLOURS = {Flip.NOW_OFFERED: "green", Flip.NO_LONGER: "red"}

_SHORT = 100
"""Characters of a value that are shown; --json has all."""


def tell_edits(old: Playbook, new: Playbook, *, as_json: bool) -> None:
    """Print what differs between two playbooks."""
    found = edits(old, new)
    if as_json:
        told = {
            "old_version": old.version,
            "new_version": new.version,
            "edits": [asdict(one) for one in found],
        }
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    if not found:
        same = old.version == new.version
        typer.echo(f"nothing differs: both are version {new.version}" if same else _SAME)
        return
    table = Table("file", "entry", "before", "now", box=None, pad_edge=False)
    for one in found:
        table.add_row(*map(Text, (one.file, one.entry, _cut(one.before), _cut(one.after))))
    _print(Group(Text(f"version {old.version} → {new.version}", style="bold"), table))


_SAME = "nothing differs but comments and order"


def tell_preview(found: Preview) -> None:
    """Print what a change flips."""
    parts: list[RenderableType] = []
    if found.simulated:
        parts.append(Text("SIMULATED: these people do not exist", style="bold yellow"))
    parts.append(Text(_headline(found), style="bold"))
    parts += [Text(line) for line in _origin(found)]
    if found.flips:
        parts += ["", _flips(found)]
    if found.examples:
        parts += ["", *_examples(found)]
    if found.notes or found.skipped:
        parts += ["", *(Text(f"- {line}") for line in _notes(found))]
    _print(Group(*parts))


def _headline(found: Preview) -> str:
    if not found.replayed:
        return "no question of the period can be replayed"
    if not found.flipped:
        return f"nothing flips: {found.replayed:,} questions are decided as before"
    share = found.flipped / found.replayed
    return f"{found.flipped:,} of {found.replayed:,} decisions flip ({share:.1%})"


def _origin(found: Preview) -> Iterator[str]:
    yield (
        f"version {found.old_version} → {found.new_version}, {found.questions:,} questions, "
        f"{found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC"
    )
    if found.replayed:
        before, after = (f"{many:,} ({many / found.replayed:.1%})" for many in found.mentions)
        yield f"mentions: {before} → {after}"
    if found.agreement is not None:
        yield f"the replay makes {found.agreement:.1%} of the logged decisions again"
    elif found.replayed:
        yield "how near the replay is cannot be said: other playbooks decided these questions"


def _flips(found: Preview) -> Table:
    table = Table("", "decisions", "offer", "reason", "why", box=None, pad_edge=False)
    for one in found.flips:
        name = Text(one.flip.value, style=_COLOURS.get(one.flip, ""))
        told = (f"{one.many:,}", one.offer or "-", one.reason or "-", one.why)
        table.add_row(name, *map(Text, told))
    return table


def _examples(found: Preview) -> Iterator[RenderableType]:
    for one in found.examples:
        yield Text(f"{one.flip.value}: {one.why}", style=_COLOURS.get(one.flip, "bold"))
        yield Padding(_example(one), (0, 0, 0, 2))


def _example(one: Example) -> RenderableType:
    who = f"{one.at:%Y-%m-%d %H:%M}, {one.user or 'somebody'}, {one.tier}"
    return Group(
        Text(f"{who}: {one.question}"),
        Text(f"before: {one.before or 'nothing'}", style="dim"),
        Text(f"now:    {one.after or 'nothing'}"),
    )


def _notes(found: Preview) -> Iterator[str]:
    for reason, many in found.skipped.items():
        yield f"{many:,} questions are not replayed: {reason}"
    yield from found.notes


def _cut(value: str | None) -> str:
    if value is None:
        return "-"
    return value if len(value) <= _SHORT else f"{value[: _SHORT - 1]}…"


def _print(found: RenderableType) -> None:
    screen().print(found)
