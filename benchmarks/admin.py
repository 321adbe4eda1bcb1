"""List and figures of the admin API at a million escalations: what `tay serve` asks the database.

SQLite by default; `--postgres` for a PostgreSQL from the wheel. `--rows` for another size. Run it
as `python -m benchmarks.admin`.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid5

from tay_middleware.domain import uuid7
from tay_middleware.storage import Database, upgrade
from tay_middleware.storage.payments.purchases import PURCHASES
from tay_middleware.storage.payments.tables import conversions
from tay_middleware.storage.reading.log import Filter
from tay_middleware.storage.sql import escalation_logs
from tay_middleware.storage.transaction import Transaction
from tay_middleware.storage.turns import figures
from tay_middleware.web.escalations import _figures, page
from tests.servers import Postgres

CHUNK, DAYS, TRIES = 10_000, 90, 15
OFFERS, TIERS = ("mentorship", "course", "masterclass"), ("free", "premium", "vip")
STRENGTHS = ("gentle", "standard", "direct")
REASONS = ("personalized_help", "strategic", "technique", "advanced", "purchase_intent")


def row_of(number: int, total: int, now: datetime, random: Random) -> dict[str, Any]:
    """A mention of a random kind; one in twenty has led to a sale."""
    at = now - timedelta(days=DAYS) * (1 - (number + 0.5) / total)
    offer, tier, strength = random.choice(OFFERS), random.choice(TIERS), random.choice(STRENGTHS)
    variant = random.choice("ABCD")
    sold = random.random() < 0.05
    user = f"{random.randrange(total // 10):032x}"
    return {
        "id": uuid7(at, random.getrandbits(74)),
        "turn_id": uuid7(at, random.getrandbits(74)),
        "user_id": user,
        "user_key": user,
        "session_id": "s1",
        "question": "Can you review my pricing structure and tell me what's wrong? " * 2,
        "topic": "pricing",
        "offer": offer,
        "reason": random.choice(REASONS),
        "scores": {"total": 3.5, "mentorship": 3.8, "course": 0.1},
        "template": f"{offer}.{strength}.{tier}.{variant}",
        "variant": variant,
        "arm": "shown",
        "addition": "\n\nThat is what we do in the mentorship, whenever you want it.",
        "tier": tier,
        "strength": strength,
        "stage": "keywords",
        "playbook_version": "bench",
        "created_at": at,
        "converted": sold,
        "converted_at": at + timedelta(days=1) if sold else None,
        "link_token": None,
        "simulated": None,
        "detected": True,
        "kind": "mention",
        "suppressed": None,
        "status": "replied",
    }


def sale_of(row: dict[str, Any]) -> dict[str, Any]:
    amounts = dict.fromkeys(("refunded", "disputed", "lost"), 0)
    return {
        **dict.fromkeys(column.name for column in conversions.columns),
        **amounts,
        **dict.fromkeys(("amount", "net", "lifetime"), 4900),
        "id": uuid5(PURCHASES, str(row["id"])),
        "purchase_key": str(row["id"]),
        "provider": "stripe",
        "status": "paid",
        "kind": "attributed",
        "counts": True,
        "offer": row["offer"],
        "user_key": row["user_key"],
        "escalation_id": row["id"],
        "method": "token",
        "confidence": 100,
        "currency": "usd",
        "payments": 1,
        "begun_at": row["converted_at"],
        "paid_at": row["converted_at"],
        "settled_at": row["converted_at"],
    }


def fill(transaction: Transaction, rows: list[dict[str, Any]]) -> None:
    names = [column.name for column in escalation_logs.columns]
    transaction.execute(
        escalation_logs.insert(), [{name: row[name] for name in names} for row in rows]
    )
    figures.note(transaction, figures.difference(rows, ()), ())
    sales = [sale_of(row) for row in rows if row["converted"]]
    if sales:
        transaction.execute(conversions.insert(), sales)


async def timed(database: Database, ask: Callable[[Transaction], Any]) -> list[float]:
    """Milliseconds, the first try included."""
    found = []
    for _ in range(TRIES):
        begun = time.perf_counter()
        await database.read(ask)
        found.append(1000 * (time.perf_counter() - begun))
    return found


async def measure(url: str, total: int) -> None:
    now, random = datetime.now(UTC), Random(6)
    database = Database(url, statement_seconds=600)
    begun = time.perf_counter()
    for first in range(0, total, CHUNK):
        await database.write(fill, [row_of(first + at, total, now, random) for at in range(CHUNK)])
    print(f"{total:,} escalations written in {time.perf_counter() - begun:.0f} s")
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = day + timedelta(days=1)
    user = f"{17:032x}"

    def figures_of(tx: Transaction, days: int) -> object:
        since = day - timedelta(days=days)
        return _figures(tx, since, end, since)

    asked: dict[str, Callable[[Transaction], Any]] = {
        "list, 50 rows": lambda tx: page(tx, Filter(), 51, None),
        "list of one offer, converted": lambda tx: page(
            tx, Filter(offer="course", converted_only=True), 51, None
        ),
        "list of a wording in a month": lambda tx: page(
            tx,
            Filter(template="course.gentle.vip.A", since=now - timedelta(days=30)),
            51,
            None,
        ),
        "list of one user": lambda tx: page(tx, Filter(user_key=user), 51, None),
        "list far back": lambda tx: page(
            tx, Filter(), 51, uuid7(now - timedelta(days=DAYS - 1), 0)
        ),
        "figures of 7 days": lambda tx: figures_of(tx, 7),
        "figures of 30 days": lambda tx: figures_of(tx, 30),
        "figures of 90 days": lambda tx: figures_of(tx, 90),
    }
    for name, ask in asked.items():
        found = await timed(database, ask)
        median, worst = statistics.median(found), max(found)
        print(f"  {name:32} median {median:7.1f} ms   worst of {TRIES} {worst:7.1f} ms")
    await database.aclose()


@contextmanager
def database_url(*, postgres: bool) -> Iterator[str]:
    if postgres:
        server = Postgres(shared_buffers="256MB", max_wal_size="4GB")
        try:
            yield server.url()
        finally:
            server.stop()
        return
    with tempfile.TemporaryDirectory() as home:
        yield f"sqlite+aiosqlite:///{Path(home) / 'tay.db'}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    with database_url(postgres=given.postgres) as url:
        upgrade(url)
        asyncio.run(measure(url, given.rows))


if __name__ == "__main__":
    main()
