"""What a shape does not take, told as its mend: a file's line, its field, what to write there."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tay_middleware.errors import Problem
from tay_middleware.playbook.document import Document
from tay_middleware.playbook.names import Place

_NO_LINK = "a link is meant here: begin it with https://"
_NO_DAY = "a day is meant here: write it like 2026-10-12"
_NO_NUMBER = ("int_type", "int_parsing", "int_from_float", "float_type", "float_parsing")
_NO_ENTRIES = ("dict_type", "model_type", "model_attributes_type")
_BOUNDS = {
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
}
_SAID = {
    "url_parsing": _NO_LINK,
    "url_scheme": _NO_LINK,
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), _NO_DAY),
    "date_from_datetime_inexact": _NO_DAY,
    **dict.fromkeys(("bool_type", "bool_parsing"), "write true or false"),
    "missing": "this key is missing",
}
"""What pydantic calls a fault → how a person mends it."""

_SHOWN_CHARS = 40


def problems_of(document: Document, error: ValidationError, shape: object) -> Iterator[Problem]:
    """Every fault that a shape found in a document, each with its line and its mend."""
    for item in error.errors(include_url=False):
        location = tuple(part for part in item["loc"] if part not in {"[key]", "function-after"})
        field = ".".join(str(part) for part in location)
        mend = _mend(item, shape)
        if item["type"] == "missing":
            mend += _seen_elsewhere(document.value, location)
        yield Problem(document.name, field, mend, document.line(location))


def _seen_elsewhere(value: object, location: Place) -> str:
    """Which entry beside this one has the key that it lacks."""
    if len(location) < 2:
        return ""
    *above, name, key = location
    for part in above:
        value = value.get(str(part)) if isinstance(value, dict) else None
    beside = value.items() if isinstance(value, dict) else ()
    for other, entry in beside:
        if other != name and isinstance(entry, dict) and key in entry:
            return f": write it, as {other!r} has it"
    return ""


def _mend(item: ErrorDetails, shape: object) -> str:
    kind, given, limits = item["type"], item["input"], item.get("ctx", {})
    if kind in _SAID:
        return _SAID[kind]
    if kind == "extra_forbidden":
        return f"unknown key{_meant(str(item['loc'][-1]), shape)}"
    if kind in {"enum", "literal_error"}:
        return _one_of(given, str(limits["expected"]))
    if kind in _BOUNDS:
        return _within(kind, given, limits)
    return _of_another_kind(kind, given) or _of_another_size(item) or _plainly(str(item["msg"]))


def _of_another_size(item: ErrorDetails) -> str | None:
    """The mend where there is too much or too little."""
    limits = item.get("ctx", {})
    if item["type"] == "string_too_long":
        return f"{len(item['input'])} characters are too many: write at most {limits['max_length']}"
    if item["type"] == "string_too_short":
        more = f"this is too short: write at least {limits['min_length']} characters"
        return more if str(item["input"]).strip() else "nothing stands here: write it"
    if item["type"] == "too_short":
        return f"there are {limits['actual_length']} here: write {limits['min_length']} or more"
    return None


def _of_another_kind(kind: str, given: object) -> str | None:
    """The mend where a text, a number, a list or entries were meant."""
    if kind == "string_type":
        single = given is None or isinstance(given, bool | int | float)
        return "a text is meant here" + (": put it in quotes" if single else ", without [ ] or { }")
    if kind in _NO_NUMBER:
        return f"a number is meant here: {_number(given)}"
    if kind in {"tuple_type", "list_type", "frozen_set_type"}:
        return f"a list is meant here: write [{'' if given is None else _short(given)}]"
    if kind in _NO_ENTRIES:
        if given is None:
            return "nothing stands here: write it, or take the line out"
        return f"entries are meant here, each with its key, and not {_short(given)!r} alone"
    return None


def _number(given: object) -> str:
    text = str(given).strip()
    if re.fullmatch(r"[-+]?\d+,\d+", text):
        return f"write {text.replace(',', '.')}, with a point"
    share = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", text)
    if share:
        return f"write {float(share[1]) / 100:g}"
    return "write figures alone, in the unit that the key names"


def _within(kind: str, given: object, limits: Mapping[str, Any]) -> str:
    key, words = _BOUNDS[kind]
    bound = float(limits[key])
    told = f"{words} {bound:g}"
    if bound == 1 and isinstance(given, int | float) and 2 <= given <= 100:
        return f"{told}: {given:g} % is written {given / 100:g}"
    return f"{_short(given)} is out of bounds: write {told}"


def _one_of(given: object, expected: str) -> str:
    known = re.findall(r"'([^']*)'", expected)
    close = get_close_matches(str(given), known, n=1)
    if close:
        return f"unknown here: {_short(given)!r}: did you mean {close[0]!r}?"
    return f"unknown here: {_short(given)!r}: write {expected}"


def _plainly(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should", "this should")


def _short(given: object) -> str:
    text = str(given)
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 1]}…"


def _meant(key: str, shape: object) -> str:
    """What a mistyped key was probably meant to be, looked up among all keys of the shape."""
    close = get_close_matches(key, sorted(_keys(shape, set())), n=1)
    return f": did you mean {close[0]!r}?" if close else ": take it out"


def _keys(shape: Any, seen: set[object]) -> set[str]:
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        if shape in seen:
            return set()
        seen.add(shape)
        found = {field.alias or name for name, field in shape.model_fields.items()}
        inner = [field.annotation for field in shape.model_fields.values()]
        return found.union(*(_keys(part, seen) for part in inner))
    return set().union(*(_keys(part, seen) for part in getattr(shape, "__args__", ())))
