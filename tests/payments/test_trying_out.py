"""A dry run holds nobody up: neither chats on the same file nor payments on the same server."""

import asyncio
import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tay_middleware.domain import uuid7
from tay_middleware.errors import StorageUnavailable
from tay_middleware.payments.imports import PIECE, Report, Taken, report, take, tried, try_out
from tay_middleware.payments.lines import Line, read_file
from tay_middleware.payments.terms import Terms, terms_of
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings
from tay_middleware.storage import Database
from tay_middleware.storage.connection.copies import copied
from tay_middleware.storage.connection.location import read_url
from tay_middleware.storage.database import server_engine
from tay_middleware.storage.payments.credits import lock
from tay_middleware.storage.payments.tables import conversions
from tay_middleware.storage.transaction import Transaction, parts
from tests.payments.test_settle import TERMS, mention
from tests.storage.records import a_record
from tests.web.stage import Site

LINES = ["purchase_id,amount,currency,occurred_at\n", "o-1,49.00,usd,2026-03-02\n"]


def test_a_file_that_somebody_writes_is_tried_on_a_copy(tmp_path: Path) -> None:
    site = Site(tmp_path / "tay")
    site.client.close()
    site.tay("db", "upgrade")
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
                found = await database.write(tried_on, lines, terms)
        finally:
            done.set()
            await paying
            await database.aclose()
        return found

    found = asyncio.run(scene())
    assert (found.lines, found.new) == (1, 1)


HEAD = "purchase_id,amount,currency,occurred_at,user_id,email\n"
AT = "2026-03-02T12:00:00Z"


def lines_of(*lines: str) -> Sequence[Line]:
    return read_file([HEAD, *(f"{line}\n" for line in lines)])[0]


def new_id() -> UUID:
    return uuid7(datetime.now(UTC), secrets.randbits(74))


def taken_in(transaction: Transaction, lines: Sequence[Line]) -> list[Taken]:
    return take(transaction, lines, TERMS, datetime.now(UTC), new_id)


def test_no_payment_waits_for_a_row_that_it_would_change(postgres_url: str) -> None:
    """Both say whose the purchase of the same address is that came before them."""
    before, tried_out, paid = (
        lines_of(f"o-{n},49,usd,{AT},{user},x@y.example")
        for n, user in enumerate(("", "ada", "bea"))
    )

    async def scene() -> tuple[Report, list[str]]:
        database, engine = Database(postgres_url), server_engine(read_url(postgres_url), 30)
        await database.write(taken_in, before)
        async with engine.begin() as connection:
            told = await connection.run_sync(tried_on, tried_out, TERMS)
            async with asyncio.timeout(10):
                await database.write(taken_in, paid)
            await connection.rollback()
        methods = select(conversions.c.method).order_by(conversions.c.method)
        found = await database.read(lambda tx: list(tx.execute(methods).scalars()))
        await engine.dispose()
        await database.aclose()
        return told, found

    told, methods = asyncio.run(scene())
    assert (told.new, told.kinds) == (1, {"organic": 1})
    assert methods == ["email", "metadata"]


def test_it_gives_way_to_who_imports_the_same_lines(postgres_url: str) -> None:
    lines = lines_of(f"o-1,49,usd,{AT},ada,")

    async def scene() -> None:
        database, engine = Database(postgres_url), server_engine(read_url(postgres_url), 30)
        async with engine.begin() as connection, asyncio.timeout(20):
            await connection.run_sync(taken_in, lines)
            with pytest.raises(StorageUnavailable, match="55P03"):
                await database.write(tried_on, lines, TERMS)
        await engine.dispose()
        await database.aclose()

    asyncio.run(scene())


def test_it_says_what_the_import_then_says(either_url: str) -> None:
    """Of purchases that share addresses and are told twice, of people who were shown a mention."""
    random = Random(7)
    users, emails = ["", "", "ada", "bea"], ["", *(f"{n}@y.example" for n in range(90))]
    lines = lines_of(
        *(
            f"o-{random.randrange(100)},{random.choice((49, 49, 9))},usd,{AT},"
            f"{random.choice(users)},{random.choice(emails)}"
            for _ in range(160)
        )
    )
    shown = datetime(2026, 3, 1, tzinfo=UTC)

    def seen(of: Report) -> list[tuple[Any, ...]]:
        names = ("id", "purchase_key", "status", "kind", "method", "confidence", "escalation_id")
        return [
            (fate.line, fate.new, *(getattr(fate.purchase, name) for name in names))
            for fate in of.fates
        ]

    async def scene() -> list[Report]:
        database = Database(either_url)
        await database.write(mention, a_record(1, at=shown))
        await database.write(taken_in, lines[:20])
        with pytest.raises(Undone) as tried_out:
            await database.write(undone, lines)
        found: list[Report] = [*tried_out.value.args]
        taken = [
            one for some in parts(lines, PIECE) for one in await database.write(taken_in, some)
        ]
        found.append(await database.read(report, taken))
        await database.aclose()
        return found

    tried_out, imported = asyncio.run(scene())
    assert seen(tried_out) == seen(imported)
    assert replace(tried_out, fates=()) == replace(imported, fates=())
    assert {"attributed", "organic", "unmatched", "ambiguous"} == set(imported.kinds)


class Undone(Exception):
    """Carries a report out of a transaction, which it ends."""


def undone(transaction: Transaction, lines: Sequence[Line]) -> None:
    raise Undone(tried_on(transaction, lines, TERMS))


def tried_on(transaction: Transaction, lines: Sequence[Line], terms: Terms) -> Report:
    return tried(partial(try_out, transaction, lines, terms, datetime.now(UTC), new_id))


def test_a_file_that_is_not_there_is_tried_on_an_empty_one(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    with copied(f"sqlite+aiosqlite:///{file}") as url:
        assert url.endswith("copy.db")
    assert not file.exists()
