"""How long the dashboard takes for each of its pages when a million questions are in PostgreSQL.

`tay serve` as an operator runs it, asked over loopback: what a browser waits for.
The first request of a page draws its charts; the others find them drawn. Run it as
`python -m benchmarks.dashboard` (some minutes; `--rows` for another size).
"""

import argparse
import asyncio
import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid5

import httpx
from sqlalchemy import Connection, select, text

from benchmarks import reading
from tay_middleware.storage import Database, upgrade
from tay_middleware.storage.payments.purchases import PURCHASES
from tay_middleware.storage.payments.tables import conversions
from tay_middleware.storage.sql import escalation_logs
from tay_middleware.storage.turns.figures import ALL, COUNTED
from tests.servers import Postgres
from tests.web.stage import Site

TRIES = 15
MOST_MS, MOST_COLD_MS, MOST_BYTES = 100, 500, 300_000
SECONDS_TO_SETTLE = 8
"""Verdicts and the engine of charts are made ready beside requests; no page waits for them."""

VARIED = {
    "(ARRAY['free','premium','vip'])[1 + n % 3]": "(ARRAY['free','premium','vip'])[1 + n / 24 % 3]",
    "'mentorship.standard.any.' || n % 5": (
        "(ARRAY['mentorship','course','masterclass'])[1 + n % 3] || '.' || "
        "(ARRAY['gentle','standard','direct'])[1 + n / 72 % 3] || '.any.' || "
        "(ARRAY['A','B','C'])[1 + n / 216 % 3]"
    ),
}
"""What `reading` leaves alike is told apart here: 27 wordings, each for three tiers."""


DAILY = """
INSERT INTO daily_counts SELECT CAST(hour AT TIME ZONE 'UTC' AS date) AS day, '{name}', {value},
    CASE WHEN '{name}' = 'all' THEN sum(questions) ELSE 0 END,
    coalesce(sum(questions) FILTER (WHERE kind = 'mention'), 0)
FROM hourly_stats {which} GROUP BY 1, 3
"""


def fill(connection: Connection, rows: int, start: datetime) -> None:
    """Questions, mentions, figures, and a purchase for each mention that sold."""
    plain = reading.ROWS
    for before, after in VARIED.items():
        assert before in plain
        reading.ROWS = reading.ROWS.replace(before, after)
    reading.generate(connection, rows, start)
    reading.ROWS = plain
    for name in (ALL, *COUNTED):
        value, which = ("''", "") if name == ALL else (name, "WHERE kind = 'mention'")
        connection.execute(text(DAILY.format(name=name, value=value, which=which)))
    sold = connection.execute(select(escalation_logs).where(escalation_logs.c.converted)).all()
    connection.execute(conversions.insert(), [sale_of(row) for row in sold])
    connection.execute(
        text("UPDATE escalation_logs SET converted_at = created_at + '1 day' WHERE converted")
    )


def sale_of(row: Any) -> dict[str, Any]:
    """A purchase a day after its mention; one in fifty has lost its way."""
    is_lost = row.id.int % 50 == 0
    paid_at = row.created_at + timedelta(days=1)
    return {
        **dict.fromkeys(column.name for column in conversions.columns),
        **dict.fromkeys(("refunded", "disputed", "lost"), 0),
        **dict.fromkeys(("amount", "net", "lifetime"), 4900),
        "id": uuid5(PURCHASES, str(row.id)),
        "purchase_key": str(row.id),
        "provider": "stripe",
        "status": "paid",
        "kind": "unmatched" if is_lost else "attributed",
        "counts": not is_lost,
        "offer": row.offer,
        "user_key": row.user_key,
        "escalation_id": None if is_lost else row.id,
        "method": None if is_lost else "token",
        "confidence": None if is_lost else 100,
        "currency": "usd",
        "payments": 1,
        **dict.fromkeys(("begun_at", "paid_at", "settled_at"), paid_at),
    }


def paths_of(mention: str, week: str, before: str) -> dict[str, str]:
    """Every page by name."""
    return {
        "overview, 7 days": "/?period=7",
        "overview, 30 days": "/",
        "overview, 90 days": "/?period=90",
        "overview, one offer and tier": "/?period=90&offer=course&tier=vip",
        "escalations": "/escalations",
        "escalations, one offer, sold": "/escalations?offer=course&converted_only=true",
        "escalations, one user": "/escalations?user_id=u17",
        "escalations, a page in the middle": f"/escalations?before={before}",
        "one escalation": f"/escalations/{mention}",
        "experiments": "/experiments",
        "playbook": "/playbook",
        "payments, unmatched": "/payments",
        "payments, all": "/payments?view=purchases",
        "payments, inbox": "/payments?view=inbox",
        "review": "/review",
        "one week": f"/review/{week}",
        "audit log": "/audit",
    }


def measure(site: Site, paths: dict[str, str]) -> bool:
    """Print a line for each page; whether all keep to what is promised."""
    client = httpx.Client(base_url=f"{site.url}/dashboard", timeout=60)
    proof = re.search(r'name="proof" value="(\w+)"', client.get("/login").text)
    assert proof is not None
    token = site.token("read", "write")["authorization"].removeprefix("Bearer ")
    client.post("/login", data={"token": token, "proof": proof[1]})
    time.sleep(SECONDS_TO_SETTLE)
    print(f"{'page':36}{'first':>9}{'median':>9}{'worst':>9}   {'KB':>5}")
    is_kept = True
    for name, path in paths.items():
        took, size = [], 0
        for _ in range(TRIES + 1):
            begun = time.perf_counter()
            answer = client.get(path)
            took.append(1000 * (time.perf_counter() - begun))
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
            size = len(answer.content)
        first, later = took[0], took[1:]
        median, worst = statistics.median(later), max(later)
        kept = first <= MOST_COLD_MS and median <= MOST_MS and size <= MOST_BYTES
        is_kept = is_kept and kept
        mark = "" if kept else "  <-- more than is promised"
        print(f"{name:36}{first:6.0f} ms{median:6.0f} ms{worst:6.0f} ms {size / 1000:7.0f}{mark}")
    client.close()
    return is_kept


@contextmanager
def filled(rows: int) -> Iterator[str]:
    """A PostgreSQL with so many questions."""
    server = Postgres(
        in_memory=False,
        max_wal_size="4GB",
        shared_buffers="256MB",
        jit="off",
        wal_level="minimal",
        max_wal_senders=0,
    )
    try:
        upgrade(server.url())
        begun = time.perf_counter()
        asyncio.run(_filled(server.url(), rows))
        print(f"{rows:,} questions over {reading.DAYS} days, {time.perf_counter() - begun:.0f} s")
        yield server.url()
    finally:
        server.stop()


async def _filled(url: str, rows: int) -> None:
    database = Database(url, statement_seconds=3600)
    await database.write(fill, rows, datetime.now(UTC) - timedelta(days=reading.DAYS))
    await reading.analysed(database)
    await database.aclose()


async def _some(url: str) -> tuple[str, str]:
    """A mention of late, and one in the middle."""
    database = Database(url)

    def read(connection: Connection) -> tuple[str, str]:
        ids = select(escalation_logs.c.id).order_by(escalation_logs.c.id.desc())
        late = connection.execute(ids.offset(1000).limit(1)).scalar()
        middle = connection.execute(ids.offset(60_000).limit(1)).scalar()
        return str(late), str(middle or late)

    found = await database.read(read)
    await database.aclose()
    return found


def main() -> None:
    """Fill, serve, ask; the exit code is 1 where a page takes longer than is promised."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    year, week, _ = (datetime.now(UTC) - timedelta(days=28)).isocalendar()
    with filled(rows) as url, tempfile.TemporaryDirectory() as home:
        late, middle = asyncio.run(_some(url))
        site = Site(Path(home) / "tay", url, TAY_ENCODER="off").start()
        try:
            kept = measure(site, paths_of(late, f"{year}-W{week:02d}", middle))
        finally:
            site.stop()
    raise SystemExit(os.EX_OK if kept else 1)


if __name__ == "__main__":
    main()
