"""Inbox, worker and settling on real databases: any order, two workers, a worker that is killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tay_middleware.domain import uuid7
from tay_middleware.errors import RowRefused, StorageUnavailable
from tay_middleware.payments.inbox import MOST_ATTEMPTS, InboxWorker, handle
from tay_middleware.payments.terms import Terms
from tay_middleware.storage import Database, ledger
from tay_middleware.storage.payments import inbox, touches
from tay_middleware.storage.payments.tables import conversions, payment_facts, webhook_events
from tay_middleware.storage.sql import escalation_logs, question_row
from tay_middleware.storage.turns.bulk import insert_turns
from tests.builders import NOON
from tests.databases import migrated, play
from tests.payments import deliveries as d
from tests.payments.test_purchases import STORIES
from tests.storage.records import a_record, key

TERMS = Terms(rules=d.RULES, key_of=d.KEY_OF)
LATER = NOON + timedelta(days=40)

NUMBERS = count(1)


def a_delivery(payload: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "id": uuid7(LATER, number),
        "provider": "stripe",
        "external_id": payload["id"],
        "kind": payload["type"],
        "headers": {},
        "body": d.body_of(payload),
        "received_at": LATER,
        "due_at": LATER,
        "attempts": 0,
    }


def mention(connection: Connection, *records: Any) -> None:
    insert_turns(connection, [question_row(record) for record in records])


def worker(database: Database, at: datetime = LATER) -> InboxWorker:
    return InboxWorker(database, TERMS, clock=lambda: at, random=Random(1))


async def worked_off(one: InboxWorker, database: Database) -> None:
    """Work until nothing waits: on a busy machine a writer may have to wait for its turn."""
    while (await database.read(inbox.counts))["waiting"]:
        with suppress(StorageUnavailable):
            await one.work_off()


async def handled(database: Database, payloads: Sequence[dict[str, Any]]) -> None:
    rows = [a_delivery(payload, next(NUMBERS)) for payload in payloads]
    await database.write(inbox.store, rows)
    await worked_off(worker(database), database)


def standing(connection: Connection) -> list[Any]:
    """Everything that follows from the deliveries, but for the time at which it was written."""
    columns = [column for column in conversions.c if column.name != "settled_at"]
    sold = connection.execute(select(*columns).order_by(conversions.c.id)).all()
    logs = escalation_logs.c
    mentions = connection.execute(select(logs.id, logs.converted, logs.converted_at)).all()
    keys = select(payment_facts.c.id, payment_facts.c.purchase_key)
    facts = connection.execute(keys.order_by(payment_facts.c.id)).all()
    return [*map(tuple, sold), *sorted(map(tuple, mentions)), *map(tuple, facts)]


def wipe(connection: Connection) -> None:
    for table in ("conversions", "payment_facts", "payment_keys", "webhook_events"):
        connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - our own names
    connection.execute(escalation_logs.update().values(converted=False, converted_at=None))


MENTION = a_record(1, at=NOON - timedelta(days=1))
BUYER = {"metadata": {"tay_user_id": "ada"}}


def of_ada(story: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """A story whose first event names the buyer; the customer leads there too."""
    first = story[0] | {"data": {"object": story[0]["data"]["object"] | BUYER}}
    other = d.session("other", 50, id="cs_2", payment_intent="pi_other", amount_total=100)
    return [first, *story[1:], other]


@pytest.mark.parametrize("story", STORIES)
def test_any_order_of_deliveries_in_any_batches_gives_the_same_rows(story: str, url: str) -> None:
    random = Random(story)
    tries = 12 if "sqlite" in url else 3

    async def scene(database: Database) -> list[list[Any]]:
        await database.write(mention, MENTION)
        found = []
        for _ in range(tries):
            payloads = of_ada(STORIES[story])
            payloads += random.choices(payloads, k=3)
            random.shuffle(payloads)
            await database.write(wipe)
            while payloads:
                size = random.randrange(1, 4)
                await handled(database, payloads[:size])
                payloads = payloads[size:]
            found.append(await database.read(standing))
        return found

    first, *others = play(url, scene)
    assert all(other == first for other in others)
    assert any("attributed" in row for row in first)


def test_two_workers_race_and_every_delivery_is_handled_once(url: str) -> None:
    payloads = [
        d.session(f"s{n}", n, id=f"cs_{n}", payment_intent=f"pi_{n}", **BUYER) for n in range(250)
    ]

    async def scene(database: Database) -> tuple[list[int], int, set[Any]]:
        await database.write(mention, MENTION)
        rows = [a_delivery(payload, number) for number, payload in enumerate(payloads)]
        await database.write(inbox.store, rows)
        other = Database(url)
        workers = [worker(database), worker(other), worker(database), worker(other)]
        await asyncio.gather(*(worked_off(one, database) for one in workers))
        await other.aclose()
        sold = await database.read(lambda tx: tx.execute(select(conversions)).all())
        attempts = await database.read(
            lambda tx: tx.execute(select(webhook_events.c.attempts)).scalars().all()
        )
        return [one.counts.handled for one in workers], len(sold), set(attempts)

    counts, sold, attempts = play(url, scene)
    assert (sum(counts), sold, attempts) == (250, 250, {1})


KILLED = """
import asyncio, os, signal, sys
from dataclasses import replace
from tests.payments.test_settle import LATER, TERMS
from tay_middleware.payments.inbox import InboxWorker
from tay_middleware.storage import Database

left = int(sys.argv[2])

def key_of(identity):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return TERMS.key_of(identity)

worker = InboxWorker(Database(sys.argv[1]), replace(TERMS, key_of=key_of), clock=lambda: LATER)
asyncio.run(worker.run())
"""
"""A worker that dies at once while it reads its n-th delivery, in the middle of a transaction."""


@pytest.mark.scale
def test_workers_killed_in_the_middle_lose_nothing_and_double_nothing(url: str) -> None:
    payloads = [
        d.session(f"s{n}", n, id=f"cs_{n}", payment_intent=f"pi_{n}", **BUYER) for n in range(150)
    ]

    async def fill(database: Database) -> None:
        await database.write(mention, MENTION)
        rows = [a_delivery(payload, number) for number, payload in enumerate(payloads)]
        await database.write(inbox.store, rows)

    play(url, fill)
    for deliveries in (1, 7, 25, 68):
        process = subprocess.run(
            [sys.executable, "-c", KILLED, url, str(deliveries)],
            cwd=Path(__file__).parents[2],
            env=os.environ,
            check=False,
            timeout=60,
        )
        assert process.returncode == -signal.SIGKILL

    async def rest(database: Database) -> tuple[int, int, int, int]:
        left = (await database.read(inbox.counts))["waiting"]
        await worked_off(worker(database), database)
        counts = await database.read(inbox.counts)
        sold = await database.read(lambda tx: tx.execute(select(conversions)).all())
        return left, counts["waiting"], len(sold), sum(row.net for row in sold)

    # Batches of ten: of 7, 25 and 68 the whole ones before the death are kept.
    assert play(url, rest) == (150 - 20 - 60, 0, 150, 150 * 4900)


@pytest.mark.parametrize("late", [1, 2, 30])
def test_a_purchase_waits_for_a_mention_that_is_still_on_its_way(late: int, url: str) -> None:
    async def scene(database: Database) -> list[str]:
        await handled(database, of_ada(d.ONE_TIME)[:2])
        kinds = [await database.read(_kind)]
        await database.write(mention, MENTION)
        await worker(database, NOON + timedelta(days=late)).upkeep()
        return [*kinds, await database.read(_kind)]

    assert play(url, scene) == ["organic", "attributed"]


def test_a_purchase_by_hearsay_waits_for_the_mention_of_its_own_token(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)
    token = "t" * 22
    new = a_record(2, at=NOON - timedelta(hours=1))

    def arrives(connection: Connection) -> None:
        mention(connection, new)
        columns = escalation_logs.c
        values = escalation_logs.update().where(columns.id == new.id).values(link_token=token)
        connection.execute(values)

    async def scene(database: Database) -> list[Any]:
        await database.write(mention, MENTION)
        other = d.session("s2", 60, id="cs_2", payment_intent="pi_2", client_reference_id=token)
        await handled(database, [d.session("s1", 0, **BUYER), other])
        columns = conversions.c
        theirs = select(columns.method, columns.escalation_id).where(
            columns.begun_at > NOON + timedelta(seconds=30)
        )
        found = [await database.read(lambda tx: tuple(tx.execute(theirs).one()))]
        await database.write(arrives)
        soon = worker(database, NOON + timedelta(hours=2))
        await soon.upkeep()
        return [*found, await database.read(lambda tx: tuple(tx.execute(theirs).one()))]

    assert play(url, scene) == [("customer", MENTION.id), ("token", new.id)]


def test_upkeep_redacts_what_is_past_its_time(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)

    async def scene(database: Database) -> Any:
        await handled(database, d.ONE_TIME)
        await worker(database, LATER + TERMS.kept_for + timedelta(days=1)).upkeep()
        return (await database.read(inbox.named, "stripe", "evt_s1")).body

    assert play(url, scene) is None


def _kind(connection: Connection) -> str:
    return str(connection.execute(select(conversions.c.kind)).scalar_one())


def test_a_person_who_is_erased_is_gone_from_payments_too_and_the_sums_stay(url: str) -> None:
    async def scene(database: Database) -> tuple[str, list[Any]]:
        await database.write(mention, MENTION)
        await handled(database, of_ada(d.ONE_TIME))
        await database.write(touches.note_click, MENTION.id, key(), LATER)
        until = LATER + timedelta(days=1)
        await database.write(ledger.remember_erased, {key(): until})
        await database.write(ledger.erase_rows, key(), until)
        await handled(database, [d.refunded("r", 900, 100)])
        rows = await database.read(lambda tx: tx.execute(select(conversions)).all())
        facts = await database.read(lambda tx: tx.execute(select(payment_facts)).all())
        inbox_rows = await database.read(lambda tx: tx.execute(select(webhook_events.c.body)).all())
        assert sum(row.body is not None for row in inbox_rows) == 1  # the refund that came later
        return repr([rows, facts]), [(row.kind, row.net) for row in rows]

    text, sums = play(url, scene)
    assert key() not in text
    assert "cus_1" not in text
    assert sorted(net for _, net in sums) == [100, 4800]


class Refusing(Database):
    """A database that will not take one delivery, as one would for a value in it."""

    error: Exception = RowRefused("a value does not fit")

    async def write(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        if function is not handle:
            return await super().write(function, *args, **kwargs)

        def refusing(connection: Connection) -> Any:
            _, now, limit = args
            if any(row.external_id == "evt_s1" for row in inbox.due(connection, now, limit)):
                raise self.error
            return handle(connection, *args)

        return await super().write(refusing)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (RowRefused("a value does not fit"), "a value does not fit"),
        (ZeroDivisionError("a bug"), "an error that nobody foresaw (ZeroDivisionError)"),
    ],
)
def test_a_delivery_that_cannot_be_handled_lets_the_others_pass_and_is_given_up_at_last(
    url: str, error: Exception, why: str
) -> None:
    async def scene(database: Database) -> tuple[int, str, bool]:
        rows = [a_delivery(payload, next(NUMBERS)) for payload in d.ONE_TIME]
        await database.write(inbox.store, rows)
        refusing, at = Refusing(url), LATER
        refusing.error = error
        for _ in range(MOST_ATTEMPTS + 1):
            await worker(refusing, at).work_off()
            at += timedelta(hours=2)
        await refusing.aclose()
        bad = await database.read(inbox.named, "stripe", "evt_s1")
        good = await database.read(inbox.named, "stripe", "evt_p1")
        return bad.attempts, bad.error, bad.dead_at is not None and good.handled_at is not None

    assert play(url, scene) == (MOST_ATTEMPTS, why, True)
