"""What was turned away of late, said on stderr beside a list of what was not."""

from collections.abc import Iterable

import typer

from tay_middleware.storage.desk.turned_away import Told
from tay_middleware.web.turned_away import sentence


def say_turned_away(refused: Iterable[Told]) -> None:
    """One sentence for each sender and reason."""
    for one in refused:
        typer.echo(sentence(one), err=True)
