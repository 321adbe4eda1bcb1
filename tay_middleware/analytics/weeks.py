"""Weeks (ISO, UTC), and what each came to."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tay_middleware.analytics.calendar import Span, name_of
from tay_middleware.analytics.metrics import Rate, plain
from tay_middleware.analytics.retention import rows_since
from tay_middleware.storage import Database
from tay_middleware.storage.reading import trends
from tay_middleware.storage.reading.trends import Narrowed
from tay_middleware.storage.transaction import Transaction


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
