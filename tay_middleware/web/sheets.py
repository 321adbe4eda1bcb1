"""CSV that a spreadsheet shows and never runs."""

import csv
import io
import json
import re
from collections.abc import Iterable
from typing import Any

CSV_COLUMNS = (
    *("id", "created_at", "user_id", "session_id", "question", "offer", "reason", "template"),
    *("tier", "strength", "scores", "converted", "converted_at", "converted_by"),
    *("time_to_conversion_seconds", "amount", "currency", "clicked_at", "simulated"),
)

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins so is a formula to some spreadsheet."""

_SPLIT = re.compile(r"([;\t|\r\n]\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet whose separator is not the comma begins a cell, with a formula behind it."""


def csv_head(names: Iterable[str]) -> str:
    """The first line, after a byte order mark: without one Excel reads UTF-8 as Windows' own."""
    return f"\ufeff{csv_line(names)}"


def csv_line(values: Iterable[Any]) -> str:
    """One line; an apostrophe stands before what could be a formula, in Excel of any country."""
    line = io.StringIO()
    csv.writer(line).writerow([_cell(value) for value in values])
    return line.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        bare = value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
        guarded = _SPLIT.sub(r"\1'", bare)
        return f"'{guarded}" if bare.lstrip(" ").startswith(_RISKY) else guarded
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value
