"""`tay chat`: talk to it in the terminal."""

from typing import Annotated

import typer

from tay_middleware.domain import Tier
from tay_middleware.settings import load_settings


def chat(
    model: Annotated[
        str | None,
        typer.Option(
            help="a real model by its name, such as openai:gpt-5-mini (needs the extra "
            "[bold]chat[/] and the provider's key); without it the answers are scripted"
        ),
    ] = None,
    user: Annotated[str, typer.Option(help="who is talking; history is kept by this name")] = "me",
    tier: Annotated[Tier, typer.Option(help="what the user pays for")] = Tier.FREE,
    owns: Annotated[list[str] | None, typer.Option(help="an offer the user has bought")] = None,
) -> None:
    """Talk to Tay in the terminal; after each reply a line says what was decided and why.

    History and log are the ones of your settings (TAY_HOME, by default .tay in this directory).
    Leave with an empty line, /quit or Ctrl-D.
    """
    from tay_middleware.demo.talk import Person, talk  # noqa: PLC0415 - imports LangChain

    talk(load_settings(strict_start=True), Person(user, tier, tuple(owns or ())), model_name=model)
