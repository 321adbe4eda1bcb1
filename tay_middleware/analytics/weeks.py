"""Weeks (ISO, UTC): what each came to, and in plain words what is sure of it and what is not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tay_middleware.analytics.calendar import Span, name_of
from tay_middleware.analytics.metrics import (
    CONVERSION_TARGET,
    ESCALATION_TARGET,
    Rate,
    Target,
    compared,
    plain,
)
from tay_middleware.analytics.overview import Overview, Ranked
from tay_middleware.analytics.retention import rows_since
from tay_middleware.storage import Database, trends
from tay_middleware.storage.transaction import Transaction
from tay_middleware.storage.trends import Narrowed

ENOUGH_TO_NAME = 30
"""Matured mentions that an offer or a wording needs before a sentence names it."""


@dataclass(frozen=True, slots=True)
class Week:
    """One week in short.

    `conversion` is `None` while windows of its mentions are open, and once it `is_past`: rows of
    it are past their retention. Neither rate has an interval.
    """

    name: str
    first: date
    questions: int
    shown: int
    escalation: Rate
    conversion: Rate | None
    is_past: bool = False


async def weeks(
    database: Database,
    count: int,
    *,
    now: datetime,
    attribution_days: float,
    retention_days: int | None,
) -> tuple[Week, ...]:
    """The last weeks in which anything was asked, the newest first; the present one among them.

    Raises:
        StorageError: the database does not answer.
    """
    monday = now.astimezone(UTC).date() - timedelta(days=now.astimezone(UTC).weekday())
    since = datetime.combine(monday - timedelta(weeks=count - 1), time(), UTC)
    closed = now - timedelta(days=attribution_days)
    known = await rows_since(database, since, now, retention_days), closed
    found = await database.read(_weeks, since, since + timedelta(weeks=count), known)
    return tuple(week for week in found if week.questions)


def _weeks(
    connection: Transaction, since: datetime, until: datetime, known: tuple[datetime, datetime]
) -> list[Week]:
    days = trends.by_day(connection, since, until, Narrowed())
    sold = trends.sold(connection, since, until, Narrowed())
    found = []
    for back in range((until - since).days // 7, 0, -1):
        first = since.date() + timedelta(weeks=back - 1)
        end = first + timedelta(weeks=1)
        inside = [one for one in days if first <= one.day < end]
        questions = sum(one.questions for one in inside)
        shown = sum(one.shown for one in inside)
        hits = sum(one.number for one in sold if one.day is not None and first <= one.day < end)
        is_past = first < known[0].date()
        is_ripe = not is_past and datetime.combine(end, time(), UTC) <= known[1]
        found.append(
            Week(
                name=name_of(Span.WEEK, first),
                first=first,
                questions=questions,
                shown=shown,
                escalation=plain(shown, questions),
                conversion=plain(hits, shown) if is_ripe else None,
                is_past=is_past,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Said:
    """What can be said of a period: what is sure, what is not, and what to do about it."""

    sure: tuple[str, ...]
    unsure: tuple[str, ...]
    next: tuple[str, ...]


def said_of(found: Overview) -> Said:
    """The figures of a period in sentences, by fixed rules; nobody's opinion."""
    sure: list[str] = []
    unsure: list[str] = []
    for what, measured, target, band in (
        ("Tay mentioned an offer in", found.escalation_by_user, ESCALATION_TARGET, "10 to 15 %"),
        ("Mentions led to a sale in", found.conversion, CONVERSION_TARGET, "5 to 10 %"),
    ):
        if measured is None or measured.share is None:
            continue
        if measured.low is None or measured.high is None:
            continue
        stands = compared(measured, target)
        line = (
            f"{what} {100 * measured.share:.1f} % of {measured.n:,} cases (95 %: "
            f"{100 * measured.low:.1f} to {100 * measured.high:.1f} %); the target is {band}: "
            f"{stands}."
        )
        (sure if "target" in stands and "not sure" not in stands else unsure).append(line)
    _compare("offer", found.by["offer"], sure, unsure)
    unsure.append("Which wording sells best is what a test decides: the best of many is luck too.")
    return Said(tuple(sure), tuple(unsure), tuple(_advice(found)))


def _compare(noun: str, ranked: Iterable[Ranked], sure: list[str], unsure: list[str]) -> None:
    known = [one for one in ranked if one.rate.n >= ENOUGH_TO_NAME]
    if len(known) < 2:
        unsure.append(
            f"Which {noun} converts best cannot be said yet: fewer than two have "
            f"{ENOUGH_TO_NAME} mentions that are old enough."
        )
        return
    best, worst = known[0], known[-1]
    if _is_above(best.rate, worst.rate):
        sure.append(f"The {noun} {best.name} converts better than {worst.name}.")
    else:
        unsure.append(
            f"No {noun} is ahead for sure: the intervals of {best.name} and {worst.name} overlap."
        )


def _is_above(one: Rate, other: Rate) -> bool:
    return one.low is not None and other.high is not None and one.low > other.high


def _stands(measured: Rate | None, target: Target) -> str:
    return "too little data" if measured is None else compared(measured, target)


def _advice(found: Overview) -> Iterable[str]:
    escalation = _stands(found.escalation_by_user, ESCALATION_TARGET)
    conversion = _stands(found.conversion, CONVERSION_TARGET)
    if escalation == "above the target":
        yield "Raise the threshold a little: mentions are more frequent than they should be."
    elif escalation == "below the target":
        yield "Look at questions that were not escalated: mentions are rarer than they could be."
    if conversion == "below the target":
        yield "Test another wording against the one that is shown most: mentions convert poorly."
    if conversion == "too little data":
        yield "Wait: mentions of this period are too few, or too young, to judge."
    if not {escalation, conversion} & {"above the target", "below the target"}:
        yield "Change nothing that is not part of a test."
