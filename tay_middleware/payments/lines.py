"""The lines of a file of purchases, for all that sends no webhooks, read as deliveries.

The first line names the columns: `purchase_id, amount, currency, occurred_at` and any of `type`
(`purchase.paid` when empty), `payment_id, offer, product, user_id, email, reference,
escalation_id, customer_id`; see `generic`. A time without a zone is of the zone that is named for
the file, and a bare date is the end of that day: a mention of the day came before it.
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tay_middleware.errors import InputError, PayloadError
from tay_middleware.payments.facts import period_of
from tay_middleware.payments.generic import as_body
from tay_middleware.payments.money import major

PROVIDER = "import"
NEEDED = ("purchase_id", "amount", "currency", "occurred_at")
OPTIONAL = (
    *("type", "payment_id", "offer", "product", "user_id", "email", "reference"),
    *("escalation_id", "customer_id"),
)

SAVE_AS = "save it as comma-separated UTF-8 (in Excel: CSV UTF-8)"
"""The mend of a file that is written otherwise."""

_OTHER = {"\0": "UTF-16", ";": "separated by ;", "\t": "separated by tabs"}
"""What no column's name holds → how a file is written in which one does."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file, counted from 1 with the head, as a row of the inbox will hold it.

    `has_zone` is whether its time says of which zone it is.
    """

    number: int
    external_id: str
    kind: str
    body: bytes
    has_zone: bool
    provider: str = PROVIDER


def zone_named(name: str) -> tzinfo:
    """A time zone by its name, such as `America/New_York`.

    Raises:
        InputError: this machine knows none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(f"{name[:64]!r} is no time zone such as America/New_York") from None


def read_file(text: Iterable[str], zone: tzinfo = UTC) -> tuple[list[Line], list[str]]:
    """The lines of a file, and what is wrong with those that are none.

    Times that name no zone are of `zone`.

    Raises:
        InputError: the head is missing, names other columns or one twice, or is not separated by
            commas; or a quote is never closed.
    """
    reader = csv.DictReader(text, strict=True)
    names = _head(reader)
    _check_columns(names)
    lines: list[Line] = []
    problems: list[str] = []
    for values in _rows(reader):
        if _is_blank(values):
            continue
        try:
            lines.append(_line(reader.line_num, values, zone))
        except PayloadError as error:
            problems.append(f"line {reader.line_num}: {error}")
    return lines, problems


def _check_columns(names: Sequence[str]) -> None:
    other = [name for mark, name in _OTHER.items() if any(mark in one for one in names)]
    if other:
        raise InputError(f"the file is {other[0]}: {SAVE_AS}")
    twice = [name for name in NEEDED + OPTIONAL if names.count(name) > 1]
    if twice:
        raise InputError(f"the first line names {', '.join(twice)} twice: take one out")
    missing = [name for name in NEEDED if name not in names]
    unknown = [name for name in names if name not in NEEDED + OPTIONAL]
    if missing or unknown:
        raise InputError(
            f"the first line must name {', '.join(NEEDED)} and may name {', '.join(OPTIONAL)}; "
            f"missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}"
        )


def _is_blank(values: Mapping[Any, Any]) -> bool:
    """Whether a row has nothing but commas, as spreadsheets leave some at the end."""
    more = values.get(None) or ()
    cells = [*more, *(cell for name, cell in values.items() if name is not None)]
    return not any(cell and cell.strip() for cell in cells)


def _head(reader: "csv.DictReader[str]") -> list[str]:
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
    except csv.Error as error:
        raise InputError(f"line 1: {error}") from None
    reader.fieldnames = names
    return names


def _rows(reader: "csv.DictReader[str]") -> Iterator[Mapping[Any, Any]]:
    """The rows; after a quote that is never closed nothing says where the next one begins."""
    begins = 1
    try:
        for values in reader:
            begins = reader.line_num
            yield values
    except csv.Error as error:
        raise InputError(f"line {begins + 1}: {error}") from None


def _line(number: int, values: Mapping[Any, Any], zone: tzinfo) -> Line:
    if None in values or None in values.values():
        raise PayloadError("it has more or fewer cells than the first line")
    data = {name: cell.strip() for name, cell in values.items() if cell.strip()}
    kind = data.pop("type", "purchase.paid")
    plain, has_zone = dict(data), True
    if "occurred_at" in data:
        at = _moment(data["occurred_at"], zone)
        data["occurred_at"], plain["occurred_at"] = at.moment.isoformat(), at.plain
        has_zone = at.has_zone
        if kind == "purchase.renewed":
            data.setdefault("payment_id", at.plain)
    name = hashlib.sha256(as_body({"type": kind, "data": _normal(plain)})).hexdigest()
    return Line(number, name, kind, as_body({"type": kind, "data": data}), has_zone)


def _normal(data: dict[str, str]) -> dict[str, Any]:
    """A line in the one form that it has however it was written, so that it is known again."""
    try:
        paid = major(data.get("amount"), data.get("currency"))
    except PayloadError:
        return data
    return data | {"amount": str(paid.amount), "currency": paid.currency}


@dataclass(frozen=True, slots=True)
class _Moment:
    """A time of a line, and as it was written (`plain`), which no zone of the file changes."""

    moment: datetime
    plain: str
    has_zone: bool


def _moment(text: str, zone: tzinfo) -> _Moment:
    try:
        at = datetime.fromisoformat(text)
        plain = at if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise PayloadError(
            "occurred_at is no time such as 2026-03-02 or 2026-03-02T12:00Z"
        ) from None
    if at.tzinfo is None:
        moment = datetime.combine(at, _LAST) if _is_date(text) else at
        return _Moment(moment.replace(tzinfo=zone), plain.isoformat(), False)
    return _Moment(at, period_of(at), True)


_LAST = time(23, 59, 59)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
