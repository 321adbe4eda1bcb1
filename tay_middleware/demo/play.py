"""Plays the script through `prompt | EscalationStep` and prints what happened.

The store is thrown away afterwards; clock, ids and key are fixed, so it prints the same each time.
"""

import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tay_middleware.demo.script import SCENES, Scene
from tay_middleware.domain import Kind, Tier
from tay_middleware.engine import Escalator
from tay_middleware.langchain import ScriptedChatModel
from tay_middleware.langchain.conversation import Conversation
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import LoggedTurn, open_store, read_latest

FIRST_DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SEED = 7
"""Any number would do; this one is kept so that the demo prints the same on every machine."""

TYPING_SECONDS = 0.02
"""Pause between chunks on a terminal, so that streaming can be seen; none when piped."""

PLAIN_WIDTH = 160
"""Columns when the output is piped: wide enough for the table of decisions."""


@dataclass
class _Clock:
    """The demo's own time; it moves only when a scene says so."""

    now: datetime = FIRST_DAY

    def __call__(self) -> datetime:
        return self.now


def play(console: Console | None = None, scenes: Sequence[Scene] = SCENES) -> None:
    """Play all scenes, then print the decisions as they are read back from SQL."""
    console = console or stage()
    with tempfile.TemporaryDirectory(prefix="tay-demo-") as home:
        settings = load_settings(
            home=Path(home),
            database_url=None,
            scorer="off",  # phrases alone: the scenes are written to them, and print the same
            grace_seconds=2.0,  # a busy machine plays the same scenes
            recall_timeout_seconds=2.0,
            user_key_secret="the demo's key hides nobody",  # noqa: S106 - a key of made-up people
        )
        clock = _Clock()
        engine = _engine(settings, clock)
        try:
            _introduce(console)
            for number, scene in enumerate(scenes):
                clock.now = FIRST_DAY + timedelta(days=scene.day, minutes=3 * number)
                _act(console, engine, scene)
            engine.flush(settings.flush_timeout_seconds)
        finally:
            engine.close()
        _show_log(console, read_latest(settings.resolved_database_url, len(scenes)))


def stage() -> Console:
    """A console for people on a terminal, plain and wide enough when piped."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


def _engine(settings: Settings, clock: _Clock) -> Escalator:
    return Escalator(
        load_playbook(settings.prompts_dir),
        lambda: open_store(settings.resolved_database_url, history_turns=settings.history_turns),
        settings,
        clock=clock,
        random_bits=random.Random(SEED).getrandbits,  # noqa: S311 - ids of a demo, not secrets
    )


def _introduce(console: Console) -> None:
    console.print(Text("Tay answers a few people over one week", style="bold"))
    console.print(
        "The answers are scripted by us: no model is called. What is added to them is decided, "
        "chosen and woven by the real code, on a store that is thrown away afterwards.\n"
    )


def _act(console: Console, engine: Escalator, scene: Scene) -> None:
    pause = TYPING_SECONDS if console.is_terminal else 0.0
    model = ScriptedChatModel(replies={scene.question: scene.answer})
    turn = Conversation(model, engine, _who(scene)).say(scene.question)
    console.print(_heading(scene))
    console.print(Text.assemble(("  > ", "bold"), scene.question))
    console.print("  ", end="")
    said = 0
    for piece in turn:
        style = "magenta" if said >= len(scene.answer) else ""
        said += len(piece)
        console.print(Text(piece.replace("\n\n", "\n  "), style=style), end="", soft_wrap=True)
        time.sleep(pause)
    console.print()
    console.print(Text(f"  = {_outcome(turn.decision)}", style="dim"))
    console.print()


def _who(scene: Scene) -> dict[str, object]:
    return {
        "user_id": scene.person,
        "session_id": scene.session,
        "tier": scene.tier,
        "owned_offers": list(scene.owns),
    }


def _heading(scene: Scene) -> Text:
    tier = "" if scene.tier == Tier.FREE else f", {scene.tier}"
    return Text.assemble(
        (f"day {scene.day + 1}  {scene.person}{tier}", "bold cyan"), (f"  ({scene.shows})", "dim")
    )


def _outcome(told: dict[str, object]) -> str:
    if told.get("kind") == Kind.MENTION:
        return f"{told['offer']}, {told['strength']}, because {told['reason']} ({told['template']})"
    if told.get("suppressed"):
        return f"held back: {told['suppressed']} (would have been {told['offer'] or 'nothing'})"
    if told.get("kind") in {Kind.ACKNOWLEDGEMENT, Kind.EXPLANATION}:
        return str(told["kind"])
    gates = ", ".join(str(gate) for gate in _listed(told.get("gates")))
    return f"nothing to add{f': {gates}' if gates else ''}"


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _show_log(console: Console, rows: Sequence[LoggedTurn]) -> None:
    table = Table(title=f"question_logs, {len(rows)} rows read back from SQL", title_justify="left")
    for name in ("time", "user", "tier", "question", "shown", "suppressed", "offer", "reason"):
        table.add_column(name, overflow="ellipsis", no_wrap=True, max_width=32)
    table.add_column("strength", no_wrap=True)
    for row in reversed(rows):
        table.add_row(
            row.created_at.strftime("%d %b %H:%M"),
            row.user_id or "",
            row.tier,
            row.question or "",
            "yes" if row.shown else row.kind if row.kind != Kind.NONE else "",
            row.suppressed or "",
            row.offer or "",
            row.reason or "",
            row.strength or "",
        )
    console.print(table)
    shown = sum(row.shown for row in rows)
    console.print(
        f"{shown} of {len(rows)} replies carry a mention. A script is no traffic: the rate to "
        "steer by is 10-15 % of real questions."
    )
