"""Purchases from a file, for all that sends no webhooks: a line is a delivery like any other.

The first line names the columns: `purchase_id, amount, currency, occurred_at` and any of `type`
(`purchase.paid` when empty), `payment_id, offer, product, user_id, email, reference,
escalation_id, customer_id`; see `generic`. A line that was imported before changes nothing.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tay_middleware.errors import InputError, PayloadError
from tay_middleware.payments.facts import Fact
from tay_middleware.payments.inbox import Terms, as_body, understood
from tay_middleware.payments.settle import settle
from tay_middleware.storage import inbox as sql
from tay_middleware.storage.purchases import Transaction

PROVIDER = "import"
NEEDED = ("purchase_id", "amount", "currency", "occurred_at")
OPTIONAL = (
    *("type", "payment_id", "offer", "product", "user_id", "email", "reference"),
    *("escalation_id", "customer_id"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file, counted from 1 with the head, as a row of the inbox will hold it."""

    number: int
    external_id: str
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """What an import came to. `kinds` counts the purchases of the file by what they are now."""

    lines: int
    new: int
    repeated: int
    kinds: Mapping[str, int]
    problems: Sequence[str] = ()


class _NotMeant(Exception):
    """Carries a report out of a transaction that is to leave nothing behind."""

    def __init__(self, report: Report) -> None:
        self.report = report


def read_file(text: Iterable[str]) -> tuple[list[Line], list[str]]:
    """The lines of a file, and what is wrong with those that are none.

    Raises:
        InputError: the head is missing or names other columns.
    """
    reader = csv.DictReader(text)
    names = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    missing = [name for name in NEEDED if name not in names]
    unknown = [name for name in names if name not in NEEDED + OPTIONAL]
    if missing or unknown:
        raise InputError(
            f"the first line must name {', '.join(NEEDED)} and may name {', '.join(OPTIONAL)}; "
            f"missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}"
        )
    lines: list[Line] = []
    problems: list[str] = []
    for values in reader:
        try:
            lines.append(_line(reader.line_num, values))
        except PayloadError as error:
            problems.append(f"line {reader.line_num}: {error}")
    return lines, problems


def _line(number: int, values: Mapping[Any, Any]) -> Line:
    if None in values or None in values.values():
        raise PayloadError("it has more or fewer cells than the first line")
    data = {name: cell.strip() for name, cell in values.items() if cell.strip()}
    kind = data.pop("type", "purchase.paid")
    if "occurred_at" in data:
        data["occurred_at"] = _moment(data["occurred_at"])
    body = as_body({"type": kind, "data": data})
    return Line(number, hashlib.sha256(body).hexdigest(), kind, body)


def _moment(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise PayloadError(
            "occurred_at is no time such as 2026-03-02 or 2026-03-02T12:00Z"
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def import_lines(
    transaction: Transaction,
    lines: Sequence[Line],
    terms: Terms,
    now: datetime,
    new_id: Callable[[], UUID],
    *,
    keep: bool,
) -> Report:
    """Import in one transaction. Run it by `kept_or_not` when `keep` may be false."""
    facts: list[Fact] = []
    problems: list[str] = []
    new = 0
    for line in lines:
        row = {**_row(line, now), "id": new_id()}
        sql.store(transaction, [row])
        kept = sql.named(transaction, PROVIDER, line.external_id)
        new += kept.id == row["id"]
        try:
            outcome, found = understood(kept, terms)
        except PayloadError as error:
            problems.append(f"line {line.number}: {error}")
            sql.set_failed(transaction, kept.id, now, str(error), None)
            continue
        if kept.id == row["id"]:
            sql.set_handled(transaction, kept.id, now, outcome)
        facts += found
    written = settle(transaction, facts, terms.rules, now)
    keys = {key for fact in facts for key in fact.all_keys}
    kinds = Counter(row["kind"] for row in written if row["purchase_key"] in keys)
    report = Report(len(lines), new, len(lines) - new, dict(kinds), problems)
    if not keep:
        raise _NotMeant(report)
    return report


def _row(line: Line, now: datetime) -> dict[str, Any]:
    return {
        "provider": PROVIDER,
        "external_id": line.external_id,
        "kind": line.kind,
        "headers": {},
        "body": line.body,
        "received_at": now,
        "due_at": None,
        "attempts": 0,
    }


def kept_or_not(run: Callable[[], Report]) -> Report:
    """The report of an import, also of one that was rolled back because it was only tried."""
    try:
        return run()
    except _NotMeant as tried:
        return tried.report
