"""A changed value of the playbook as a unified diff that `git apply` and `patch -p1` take.

The file is never written, and nothing of it but the number changes: comments, order and spaces stay
as the business wrote them.
"""

import difflib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook.load import load_playbook


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a file: the keys that lead to it, and what it shall be; see `patch`."""

    file: str
    path: Sequence[str]
    value: float | str


@contextmanager
def tried(directory: Path, changes: Sequence[Change]) -> Iterator[Path]:
    """A copy of a playbook with the changes made, while it is looked at.

    Raises:
        ConfigurationError: a change cannot be made.
        PlaybookError: the rest of the playbook does not bear them (a test's arm, say).
    """
    with tempfile.TemporaryDirectory(prefix="tay-tried-") as place:
        copy = Path(place) / "prompts"
        try:
            shutil.copytree(directory, copy)
        except OSError as error:
            raise ConfigurationError(f"{directory}: cannot be read: {error}") from error
        for one in changes:
            new = changed(copy / one.file, one.path, one.value)
            (copy / one.file).write_bytes(new.encode())
        load_playbook(copy)
        yield copy


def patch(policy: Path, path: Sequence[str], value: float | str, name: str) -> str:
    """The diff that sets one value; empty where it stands there already.

    Args:
        policy: the file.
        path: the keys that lead to the value.
        value: what it shall be: a number, or anything as YAML writes it.
        name: the file's path in the diff, as seen from where it will be applied.

    Raises:
        ConfigurationError: the file cannot be read, or does not write the number out.
    """
    before = _text(policy)
    return "".join(_diff(before, changed(policy, path, value), name))


def diff_of(before: Path, after: Path, name: str) -> str:
    """The diff between two files; `name` as of `patch`.

    Raises:
        ConfigurationError: one of them cannot be read.
    """
    return "".join(_diff(_text(before), _text(after), name))


def changed(policy: Path, path: Sequence[str], value: float | str) -> str:
    """The text of the file with one value set; see `patch`."""
    before = _text(policy)
    node = _node(before, path, policy)
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(value, str):
        new = value
    elif not isinstance(node, yaml.ScalarNode):
        raise ConfigurationError(f"{policy}: {'.'.join(path)} is no number")
    elif float(node.value) == value:
        return before
    else:
        new = f"{value:g}"
    return f"{before[:start]}{new}{_kept_in_line(before[end:], len(new) + start - end)}"


def _kept_in_line(rest: str, grown: int) -> str:
    """What follows the number, with a comment of its line where it stood, if there is room."""
    spaces = len(rest) - len(rest.lstrip(" "))
    if not spaces or rest[spaces : spaces + 1] != "#":
        return rest
    return " " * max(1, spaces - grown) + rest[spaces:]


def _text(policy: Path) -> str:
    try:
        return policy.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{policy}: cannot be read: {error}") from error


def _node(text: str, path: Sequence[str], policy: Path) -> yaml.Node:
    # The loader in Python: the one in C counts bytes where this counts characters.
    try:
        node: yaml.Node | None = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{policy}: is no YAML: {error}") from error
    for key in path:
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in entries if name.value == key), None)
    if node is None:
        raise ConfigurationError(
            f"{policy}: does not write {'.'.join(path)} out: add it with its present value first"
        )
    return node


def _diff(before: str, after: str, name: str) -> Iterator[str]:
    for line in difflib.unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}"):
        yield line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """The lines as `patch` knows them, each with its end: of a form feed, say, it makes none."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + lines[-1:] * bool(lines[-1])
