"""Reading one YAML file of the playbook: strictly, with the line of every entry.

Stricter than YAML: a key twice, an alias, a tag and a file of unusual size are errors. A business
edits these files by hand, and each of those is either a slip or an attack.
"""

import re
from collections.abc import Hashable
from pathlib import Path

import yaml

try:
    # In C, where PyYAML was built with it: ten times as fast, and it says the same.
    from yaml import CSafeLoader as _Loader
except ImportError:
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]  # the same loader in Python

from tay_middleware.errors import Problem
from tay_middleware.playbook.names import Place
from tay_middleware.playbook.slips import slip

MAX_BYTES = 1_000_000
"""A playbook file of a megabyte is not a playbook file."""

WORDINGS_KEY = "wordings"
"""Where sentences stand, which people write without quotation marks."""

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]


class _Strict(_Loader):
    """YAML as people read it: `no` and `on` are words, `1:1` is no number of minutes.

    The resolvers are those of YAML 1.2's core schema; a date stays the text that it is.
    """

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own way to start with none


_Strict.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Strict.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""]
)
_Strict.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?\d+$"), list("-+0123456789")
)
_Strict.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d*\.\d+$"), list("-+.0123456789")
)


class Document:
    """One file: its plain values, and the line on which each of them stands."""

    def __init__(self, name: str, value: Plain, lines: dict[Place, int]) -> None:
        self.name = name
        self.value = value
        self._lines = lines

    def line(self, location: Place) -> int | None:
        """The line (from 1) of the entry at `location`, or of the nearest entry that holds it."""
        for end in range(len(location), -1, -1):
            if location[:end] in self._lines:
                return self._lines[location[:end]]
        return None


def read_text(path: Path, name: str) -> str | Problem:
    """The text of a file of the playbook, or what is wrong with it."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Problem(name, "", "the file is missing")
    except OSError as error:
        return Problem(name, "", f"the file cannot be read: {error.strerror}")
    if len(raw) > MAX_BYTES:
        return Problem(name, "", f"the file is larger than {MAX_BYTES:,} bytes")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return Problem(name, "", "the file is not UTF-8: save it again as UTF-8", line)


def read_document(path: Path, name: str) -> Document | list[Problem]:
    """The document in a file of the playbook, or everything that is wrong with it."""
    text = read_text(path, name)
    if isinstance(text, Problem):
        return [text]
    try:
        root = yaml.compose(text, _Strict)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return [_broken(name, text, error)]
    if root is None:
        return [Problem(name, "", "the file is empty")]
    reader = _Reader(name, text)
    try:
        value = reader.read(root, ())
    except RecursionError:
        return [Problem(name, "", "the file is nested too deeply")]
    return reader.problems or Document(name, value, reader.lines)


def _broken(name: str, text: str, error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or str(error)
    if isinstance(error, yaml.reader.ReaderError):
        # Its position counts bytes or characters, as the loader is in C or not.
        found = yaml.reader.Reader.NON_PRINTABLE.search(text)
        line = text.count("\n", 0, found.start() if found else 0) + 1
        return Problem(name, "", "a control character stands in this line: take it out", line)
    if mark is None:
        return Problem(name, "", f"this is not YAML: {said}")
    line, mend = slip(text, mark.line + 1, said)
    return Problem(name, "", f"this is not YAML: {mend}", line)


class _Reader:
    """Turns YAML nodes into plain values, noting lines and problems on the way."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text.split("\n")
        self._seen: set[int] = set()
        self._scalars = _Strict("")
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []

    def read(self, node: yaml.Node, location: Place) -> Plain:
        self.lines.setdefault(location, node.start_mark.line + 1)
        if id(node) in self._seen:
            return self._refuse(node, location, "an alias (*name): write the value out")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*location, at)) for at, item in enumerate(node.value)]
        if location[:1] == (WORDINGS_KEY,) and self._is_cut(node):
            message = "what stands behind '#' is a remark and never said: put the sentence in"
            return self._refuse(node, location, f"{message} double quotes")
        return self._scalar(node, location)

    def _is_cut(self, node: yaml.Node) -> bool:
        """Whether a sentence without quotation marks has a `#` right behind it."""
        if not isinstance(node, yaml.ScalarNode) or node.style or " " not in node.value:
            return False
        line = self._text[node.end_mark.line] if node.end_mark.line < len(self._text) else ""
        return re.search(rf"{re.escape(node.value.split()[-1])}\s+#", line) is not None

    def _mapping(self, node: yaml.MappingNode, location: Place) -> Plain:
        read: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            key = str(self._scalar(key_node, location))
            here = (*location, key)
            if key in read:
                self._refuse(key_node, here, f"{key!r} stands here twice: keep one")
                continue
            self.lines[here] = key_node.start_mark.line + 1
            read[key] = self.read(value_node, here)
        return read

    def _scalar(self, node: yaml.Node, location: Place) -> Plain:
        try:
            value = self._scalars.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError) as error:
            return self._refuse(node, location, getattr(error, "problem", None) or str(error))
        if isinstance(value, Hashable) and isinstance(value, None | bool | int | float | str):
            return value
        return self._refuse(
            node, location, "a plain text or number is meant here: put it in quotes"
        )

    def _refuse(self, node: yaml.Node, location: Place, message: str) -> Plain:
        field = ".".join(str(part) for part in location)
        self.problems.append(Problem(self._name, field, message, node.start_mark.line + 1))
        return None
