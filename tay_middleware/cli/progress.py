"""What is shown on stderr while somebody waits, if somebody looks at it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn


def bar(*columns: ProgressColumn, quiet: bool) -> Progress:
    """A progress bar that leaves nothing behind; without columns, those that rich takes."""
    console = Console(stderr=True)
    off = quiet or not console.is_terminal
    return Progress(*columns, console=console, transient=True, disable=off)


@contextmanager
def spinner(what: str, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Tells what is being done, beginning with `what`; what is yielded is told what comes next."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with bar(*columns, quiet=quiet) as progress:
        task = progress.add_task(what)
        yield lambda said: progress.update(task, description=said)
