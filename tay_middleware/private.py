"""Files that only their owner reads: they hold questions, ids of users and payments.

What exists keeps its mode: an operator may share it on purpose.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex


def make_home(path: Path) -> None:
    """Make a directory of mode 0700 that no git takes up, where there is none.

    Raises:
        OSError: it cannot be made.
    """
    if path.is_dir():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return
    (path / ".gitignore").write_text("*\n", encoding="utf-8")


def make_file(path: Path) -> None:
    """Make an empty file of mode 0600, where there is none; SQLite gives its -wal the same mode.

    Raises:
        OSError: it cannot be made.
    """
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def make_once(path: Path, text: Callable[[], str]) -> None:
    """Make a file of mode 0600 with a text, where there is none; of all that race one makes it.

    Raises:
        OSError: it cannot be made.
    """
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}.{token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text())
            file.flush()
            os.fsync(file.fileno())  # a power cut must not leave the name without the text
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def write_private(path: Path, text: str) -> None:
    """Write a file as UTF-8; a new one gets mode 0600.

    Raises:
        OSError: it cannot be written.
    """
    make_file(path)
    path.write_text(text, encoding="utf-8")
