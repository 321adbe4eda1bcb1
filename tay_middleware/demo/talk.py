"""A conversation in the terminal, with a real model or with scripted answers."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from tay_middleware.demo.play import stage
from tay_middleware.domain import Tier
from tay_middleware.engine import Escalator
from tay_middleware.langchain.conversation import ChatTurn, Conversation, chat_model
from tay_middleware.settings import Settings

LEAVE = frozenset({"", "/quit", "/exit"})

SCRIPTED_NOTICE = (
    "No --model was given, so the answers are scripted lines, not a model's. The decisions and the "
    "sentences that are added are real."
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who is talking."""

    user_id: str
    tier: Tier
    owned_offers: tuple[str, ...] = ()


def talk(
    settings: Settings,
    person: Person,
    *,
    model_name: str | None = None,
    console: Console | None = None,
    ask: Callable[[str], str] = input,
) -> None:
    """Talk until the person leaves.

    Raises:
        ConfigurationError: the model cannot be made (a missing extra or key).
    """
    console = console or stage()
    model = chat_model(model_name)
    if model_name is None:
        console.print(Text(SCRIPTED_NOTICE, style="dim"))
    engine = Escalator.from_settings(settings)
    try:
        conversation = Conversation(
            model,
            engine,
            {
                "user_id": person.user_id,
                "session_id": uuid.uuid4().hex,
                "tier": person.tier.value,
                "owned_offers": list(person.owned_offers),
            },
        )
        while (question := _asked(ask)) not in LEAVE:
            _answer(console, conversation.say(question))
    finally:
        engine.close()


def _asked(ask: Callable[[str], str]) -> str:
    try:
        return ask("you> ").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


def _answer(console: Console, turn: ChatTurn) -> None:
    console.print(Text("tay> ", style="bold"), end="")
    for piece in turn:
        console.print(Text(piece), end="", soft_wrap=True)
    console.print()
    told = turn.decision
    verdict = "shown" if told.get("shown") else told.get("suppressed") or told.get("kind") or "-"
    console.print(
        Text(
            f"  = {verdict} | offer {told.get('offer')} | reason {told.get('reason')} | "
            f"strength {told.get('strength')} | gates {told.get('gates')} | {told.get('notes')}",
            style="dim",
        )
    )
