"""Where tables are printed: a terminal as wide as it is, and a pipe as wide as they need."""

from rich.console import Console

PIPE_COLUMNS = 160
"""Columns where nobody looks at a terminal: in the 80 that are taken there, columns vanish."""


def screen(columns: int = PIPE_COLUMNS) -> Console:
    """Standard output. Texts are shown as they are: `[my]` is a phrase of a playbook, no markup.

    Args:
        columns: how wide it is where it is no terminal.
    """
    console = Console(highlight=False, markup=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, width=columns)
