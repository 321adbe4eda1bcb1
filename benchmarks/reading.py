"""How long reading takes when there is much to read: stats over 30 days, pages of the list.

Rows are made inside PostgreSQL, spread over 60 days, and their figures beside them, as the drain
would have left them; each figure is the median of several runs after one that warms up. Run it as
`python -m benchmarks.reading --rows 10000000` (5 GB of disk and some minutes).
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from tay_middleware.storage import Database, upgrade
from tay_middleware.storage.partitions import maintain
from tay_middleware.storage.reading import log, trends
from tests.servers import Postgres

DAYS = 60
RUNS = 7
CHUNK = 500_000

ROWS = """
INSERT INTO question_logs (id, turn_id, user_id, user_key, session_id, tier, question, topic,
    detected, need, shown, suppressed, kind, offer, reason, strength, template, variant, arm,
    addition, stage, confidence, scores, gates, indicators, notes, status, playbook_version,
    created_at, answered_at)
SELECT CAST(lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0')
            || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15) AS uuid),
    gen_random_uuid(), 'u' || n % 200000, md5((n % 200000)::text), 's' || n % 900000,
    (ARRAY['free','premium','vip'])[1 + n % 3], 'Can you review my pricing? ' || n, 'pricing',
    n % 6 = 0, n % 6 = 0, n % 8 = 0, NULL,
    CASE WHEN n % 8 = 0 THEN 'mention' ELSE 'none' END,
    CASE WHEN n % 8 = 0 THEN (ARRAY['mentorship','course','masterclass'])[1 + n % 3] END,
    CASE WHEN n % 8 = 0 THEN (ARRAY['strategic','technique','advanced'])[1 + n % 3] END,
    CASE WHEN n % 8 = 0 THEN 'standard' END,
    CASE WHEN n % 8 = 0 THEN 'mentorship.standard.any.' || n % 5 END,
    CASE WHEN n % 8 = 0 THEN 'A' END, CASE WHEN n % 8 = 0 THEN 'shown' END,
    CASE WHEN n % 8 = 0 THEN 'words' END, 'keywords', NULL, '{"total": 3.0}', '[]', '[]', '[]',
    'replied', 'v1', at, at
FROM (SELECT n, CAST(:start AS timestamptz) + n * CAST(:step AS interval) AS at
      FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n) AS made
"""

ESCALATIONS = """
INSERT INTO escalation_logs (id, turn_id, user_id, user_key, session_id, question, topic, offer,
    reason, scores, template, variant, arm, addition, tier, strength, stage, playbook_version,
    created_at, converted, converted_at)
SELECT id, turn_id, user_id, user_key, session_id, question, topic, offer, reason, scores, template,
    variant, arm, addition, tier, strength, stage, playbook_version, created_at,
    abs(hashtext(id::text)) % 14 = 0, NULL
FROM question_logs WHERE shown
"""

FIGURES = """
INSERT INTO hourly_stats SELECT date_trunc('hour', created_at, 'UTC'), tier, kind,
    coalesce(suppressed, ''), coalesce(offer, ''), coalesce(reason, ''), coalesce(strength, ''),
    coalesce(template, ''), coalesce(arm, ''), count(*), count(*) FILTER (WHERE detected)
FROM question_logs GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""

USERS = """
INSERT INTO daily_users SELECT DISTINCT CAST(created_at AT TIME ZONE 'UTC' AS date), user_key
FROM question_logs
"""


def generate(connection: Connection, rows: int, start: datetime, days: int = DAYS) -> None:
    for month in range(days // 28 + 1):
        maintain(connection, start + timedelta(days=28 * month), None)
    step = timedelta(days=days) / rows
    for first in range(0, rows, CHUNK):
        last = min(first + CHUNK, rows) - 1
        values = {"start": start, "step": step, "first": first, "last": last}
        connection.execute(text(ROWS), values)
    connection.execute(text(ESCALATIONS))
    connection.execute(text(FIGURES))
    connection.execute(text(USERS))


def raw(connection: Connection, since: datetime) -> Sequence[Any]:
    """What stats would be without figures kept ready."""
    return connection.execute(
        text(
            "SELECT kind, offer, reason, count(*) FROM question_logs "
            "WHERE created_at >= :since GROUP BY 1, 2, 3"
        ),
        {"since": since},
    ).all()


async def timed(
    database: Database, name: str, read: Callable[[Connection], Sequence[Any]], most_ms: float
) -> Sequence[Any]:
    found = await database.read(read)
    took = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        await database.read(read)
        took.append(1000 * (time.perf_counter() - begun))
    promise = f"(promised: at most {most_ms:.0f} ms)" if most_ms else ""
    print(f"{name:<44} {statistics.median(took):9.1f} ms {promise}")
    return found


async def measured(url: str, rows: int) -> None:
    database = Database(url, statement_seconds=3600)
    now = datetime.now(UTC)
    start, month = now - timedelta(days=DAYS), now - timedelta(days=30)
    begun = time.perf_counter()
    await database.write(generate, rows, start)
    await analysed(database)
    print(f"{rows} rows over {DAYS} days, made in {time.perf_counter() - begun:.0f} s")
    every = log.Filter()
    shown = partial(trends.shown, since=month, until=now, narrowed=trends.Narrowed())
    await timed(database, "stats over 30 days", shown, 100)
    await timed(database, "the same from the rows", partial(raw, since=month), 0)
    page = await timed(
        database, "first page of escalations", partial(log.escalations, wanted=every, limit=20), 10
    )
    assert len(page) == 20
    middle = (await database.read(_middle)) if rows else None
    for name, wanted in (
        ("a page in the middle", every),
        ("a page of one offer", log.Filter(offer="course")),
        ("a page of conversions", log.Filter(converted_only=True)),
        ("a page of one user", log.Filter(user_key=page[0].user_key)),
    ):
        read = partial(log.escalations, wanted=wanted, limit=20, before=middle)
        await timed(database, name, read, 10)
    await timed(database, "a page of questions", partial(log.questions, wanted=every, limit=20), 10)
    await database.aclose()


async def analysed(database: Database) -> None:
    def analyse(connection: Connection) -> None:
        connection.execute(text("ANALYZE"))

    await database.write(analyse)


def _middle(connection: Connection) -> Any:
    return connection.execute(
        text(
            "SELECT id FROM escalation_logs ORDER BY id OFFSET (SELECT count(*) / 2 FROM "
            "escalation_logs) LIMIT 1"
        )
    ).scalar()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=300_000)
    rows = parser.parse_args().rows
    with a_server() as url:
        asyncio.run(measured(url, rows))


@contextmanager
def a_server() -> Iterator[str]:
    """A PostgreSQL for a million rows and more, with our schema; gives its URL."""
    server = Postgres(
        in_memory=False,
        max_wal_size="4GB",
        shared_buffers="512MB",
        wal_level="minimal",
        max_wal_senders=0,
        jit="off",
    )
    try:
        upgrade(server.url())
        yield server.url()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
