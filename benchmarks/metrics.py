"""Every metric at a million questions on PostgreSQL, beside a count of the raw rows.

Ninety days; a quarter of them is looked at as well. Run it as `python -m benchmarks.metrics`.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from benchmarks import reading
from tay_middleware.analytics.catalogue import Terms
from tay_middleware.analytics.days import Reactions
from tay_middleware.analytics.measures import Measures, measure
from tay_middleware.analytics.metrics import Period
from tay_middleware.storage import Database

DAYS, RUNS, PROMISED_MS = 90, 7, 300.0

MORE = (
    """
    UPDATE question_logs SET shown = false, arm = 'holdout', suppressed = 'holdout', kind = 'none'
    WHERE shown AND abs(hashtext(user_key)) % 10 = 0
    """,
    "DELETE FROM escalation_logs",
    "DELETE FROM hourly_stats",
    reading.ESCALATIONS,
    "UPDATE escalation_logs SET converted_at = created_at + interval '50 hours' WHERE converted",
    reading.FIGURES,
    """
    INSERT INTO daily_counts SELECT CAST(created_at AT TIME ZONE 'UTC' AS date), 'all', '',
        count(*), count(*) FILTER (WHERE shown) FROM question_logs GROUP BY 1
    """,
    """
    INSERT INTO conversions (id, purchase_key, provider, status, kind, counts, offer, user_key,
        escalation_id, amount, refunded, disputed, lost, net, lifetime, currency, payments,
        begun_at, paid_at, settled_at)
    SELECT gen_random_uuid(), id::text, 'stripe', 'paid', 'attributed', true, offer, user_key, id,
        4900, 0, 0, 0, 4900, 4900, 'usd', 1, converted_at, converted_at, converted_at
    FROM escalation_logs WHERE converted
    """,
    """
    INSERT INTO feedback (escalation_id, helpful, stop, at)
    SELECT id, abs(hashtext(id::text)) % 5 > 0, false, created_at + interval '1 hour'
    FROM escalation_logs WHERE abs(hashtext(id::text)) % 10 = 0
    """,
)

RAW = {
    ("escalation_rate", "tier"): (
        "SELECT tier, count(*) FILTER (WHERE shown), count(*) FROM question_logs "
        "WHERE created_at >= :since AND created_at < :until GROUP BY 1"
    ),
    ("returns_within_7_days", "arm"): (
        "SELECT arm, count(*) FILTER (WHERE EXISTS (SELECT 1 FROM question_logs l WHERE "
        "l.user_key = q.user_key AND l.created_at >= date_trunc('day', q.created_at, 'UTC') "
        "+ interval '1 day' AND l.created_at < date_trunc('day', q.created_at, 'UTC') "
        "+ interval '8 days')), count(*) FROM question_logs q WHERE arm IS NOT NULL AND "
        "created_at >= :since AND created_at < :week GROUP BY 1"
    ),
    **{
        ("conversion_rate", name): (
            f"SELECT {name}, count(*) FILTER (WHERE converted), count(*) FROM escalation_logs "  # noqa: S608 - ours
            "WHERE created_at >= :since AND created_at < :ripe GROUP BY 1"
        )
        for name in ("offer", "template", "strength", "tier", "reason", "stage", "topic")
    },
}


def finish(connection: Connection) -> None:
    """What `reading.generate` leaves out."""
    for statement in MORE:
        connection.execute(text(statement))


def agreement(connection: Connection, found: Measures, ends: Mapping[str, datetime]) -> str:
    """How many figures are just what a count of raw rows gives."""
    same = other = 0
    for (name, dimension), sql in RAW.items():
        known = {one.value: (one.hits, one.n) for one in found.of(name, dimension)}
        for value, hits, n in connection.execute(text(sql), dict(ends)):
            same, other = (same + 1, other) if known.get(value) == (hits, n) else (same, other + 1)
    return f"{same} of {same + other} figures are those of the raw rows"


async def measured(url: str, rows: int) -> None:
    """Make the rows, then measure twice: with the sheets to make, and with them made."""
    database = Database(url, statement_seconds=3600)
    now = datetime.now(UTC)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    begun = time.perf_counter()
    await database.write(reading.generate, rows, today - timedelta(days=DAYS), DAYS)
    await database.write(finish)
    await reading.analysed(database)
    print(f"{rows:,} questions over {DAYS} days, made in {time.perf_counter() - begun:.0f} s")
    terms = Terms(14, Reactions(("refusal", "opt_out", "complaint"), timedelta(hours=24)))
    begun = time.perf_counter()
    whole = Period(today - timedelta(days=DAYS), today)
    found = await measure(database, whole, terms, now=now)
    print(f"sheets of {DAYS} days, made once: {time.perf_counter() - begun:.1f} s")
    for days in (30, DAYS):
        period = Period(today - timedelta(days=days), today)
        took = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            found = await measure(database, period, terms, now=now)
            took.append(1000 * (time.perf_counter() - begun))
        print(
            f"all {len(found.items)} figures of {days} days: median {statistics.median(took):.0f} "
            f"ms, worst {max(took):.0f} (promised: {PROMISED_MS:.0f})"
        )
    ends: dict[str, Any] = {
        "since": whole.since,
        "until": whole.until,
        "ripe": found.matured_until,
        "week": today - timedelta(days=7),
    }
    print(await database.read(agreement, found, ends))
    await database.aclose()


def main() -> None:
    """Parse the size, start a server, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with reading.a_server() as url:
        asyncio.run(measured(url, rows))


if __name__ == "__main__":
    main()
