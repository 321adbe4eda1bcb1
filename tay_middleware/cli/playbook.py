"""`tay playbook`: the business edits `prompts/`; this says what is wrong with it."""

from pathlib import Path
from typing import Annotated

import typer

from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings

app = typer.Typer(help="Check the playbook in prompts/.", no_args_is_help=True)


@app.callback()
def playbook() -> None:
    """Check the playbook in prompts/."""


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
    found = load_playbook(directory or load_settings().prompts_dir)
    typer.echo(
        f"the playbook is sound: {len(found.offers)} offers, {len(found.templates)} wordings, "
        f"version {found.version}"
    )
