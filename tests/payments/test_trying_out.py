"""A dry run holds nobody up: neither chats on the same file nor payments on the same server."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tay_middleware.domain import uuid7
from tay_middleware.payments.imports import Report, tried, try_out
from tay_middleware.payments.inbox import Terms
from tay_middleware.payments.lines import Line, read_file
from tay_middleware.payments.terms import terms_of
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings
from tay_middleware.storage import Database
from tay_middleware.storage.copies import copied
from tay_middleware.storage.credits import lock
from tay_middleware.storage.database import server_engine
from tay_middleware.storage.location import read_url
from tay_middleware.storage.purchases import Transaction
from tests.web.stage import Site

LINES = ["purchase_id,amount,currency,occurred_at\n", "o-1,49.00,usd,2026-03-02\n"]


def test_a_file_that_somebody_writes_is_tried_on_a_copy(tmp_path: Path) -> None:
    site = Site(tmp_path / "tay")
    site.client.close()
    assert site.tay("webhooks", "list").stdout == "no delivery yet\n"
    path = tmp_path / "sales.csv"
    path.write_text("".join(LINES))
    with closing(sqlite3.connect(tmp_path / "tay" / "tay.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        run = site.tay("conversions", "import", str(path), "--dry-run")
        writer.execute("ROLLBACK")
    assert (run.returncode, "lines: 1, new: 1" in run.stdout) == (0, True), run.stderr
    assert site.tay("webhooks", "list").stdout == "no delivery yet\n"


def test_a_copy_goes_with_the_block(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made:
        made.execute("CREATE TABLE one (two)")
    with copied(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}") as url:
        copy = Path(url.removeprefix("sqlite+aiosqlite:///"))
        with closing(sqlite3.connect(copy)) as read:
            assert read.execute("SELECT name FROM sqlite_master").fetchall() == [("one",)]
    assert not copy.exists()


def test_on_a_server_it_waits_for_no_payment_and_no_payment_for_it(postgres_url: str) -> None:
    lines, _ = read_file(LINES)
    terms = terms_of(load_settings(), load_playbook(None))

    async def scene() -> Report:
        database = Database(postgres_url)
        held, done = asyncio.Event(), asyncio.Event()

        async def pays() -> None:
            engine = server_engine(read_url(postgres_url), 30)
            async with engine.connect() as connection:
                await connection.run_sync(lock)
                held.set()
                await done.wait()
            await engine.dispose()

        paying = asyncio.create_task(pays())
        await held.wait()
        try:
            async with asyncio.timeout(20):
                report = await database.write(tried_on, lines, terms)
        finally:
            done.set()
            await paying
            await database.aclose()
        return report

    report = asyncio.run(scene())
    assert (report.lines, report.new) == (1, 1)


def tried_on(transaction: Transaction, lines: Sequence[Line], terms: Terms) -> Report:
    now = datetime.now(UTC)
    return tried(partial(try_out, transaction, lines, terms, now, partial(uuid7, now, 1)))


def test_a_file_that_is_not_there_is_tried_on_an_empty_one(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    with copied(f"sqlite+aiosqlite:///{file}") as url:
        assert url.endswith("copy.db")
    assert not file.exists()
