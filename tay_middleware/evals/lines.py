"""One reader for the JSON Lines that people hand in: labels, second labels, conversations.

A line ends at a line feed and nowhere else: a question may hold U+2028 or U+0085, at which
`str.splitlines` would break it. A byte order mark is passed over. A line that is not of its shape
is refused by its number: one that is silently left out would move every figure.
"""

from codecs import BOM_UTF8
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from tay_middleware.decide.lines import not_utf8, what_is_wrong
from tay_middleware.errors import ConfigurationError

Shape = TypeVar("Shape", bound=BaseModel)


def text_lines(path: Path) -> list[str]:
    """The lines of a file, blank ones included.

    Raises:
        ConfigurationError: it is missing, or not UTF-8; then the message names the line.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        if trouble := not_utf8(line):
            raise ConfigurationError(f"{path}:{number}: {trouble}")
    lines[0] = lines[0].removeprefix(BOM_UTF8)
    return [line.decode() for line in lines]


def read_lines(path: Path, shape: type[Shape]) -> list[tuple[int, Shape]]:
    """Every line that is not blank, with its number, counted from 1.

    Raises:
        ConfigurationError: the file cannot be read, or a line is not of the shape.
    """
    return [
        (number, _shaped(line, shape, f"{path}:{number}"))
        for number, line in enumerate(text_lines(path), 1)
        if line.strip()
    ]


def _shaped(line: str, shape: type[Shape], where: str) -> Shape:
    try:
        return shape.model_validate_json(line, strict=True)
    except ValidationError as error:
        raise ConfigurationError(f"{where}: {what_is_wrong(error)}") from None
