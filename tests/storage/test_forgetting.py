"""What people wrote about a user, and purchases that name her: handed out, erased, and gone."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, delete, insert, select, text

from tay_middleware.domain import uuid7
from tay_middleware.payments.settle import settle
from tay_middleware.storage import Database
from tay_middleware.storage.desk import verdicts
from tay_middleware.storage.desk.tables import escalation_notes
from tay_middleware.storage.ledger import apply, bury, dead_letters
from tay_middleware.storage.outbox.buckets import bucket_of
from tay_middleware.storage.partitions import maintain_database
from tay_middleware.storage.payments import purchases
from tay_middleware.storage.payments.tables import (
    conversion_marks,
    conversions,
    feedback,
    payment_facts,
    webhook_events,
)
from tay_middleware.storage.people import Archive, Kept
from tay_middleware.storage.sql import escalation_logs, question_row
from tay_middleware.storage.turns.bulk import insert_turns
from tay_middleware.storage.turns.events import read_event
from tests.builders import NOON
from tests.databases import migrated
from tests.payments import deliveries
from tests.storage.records import DAY, KEY_OF, a_record, key

MENTION = a_record(1)
OF_BOB = a_record(2, user="bob")
AFTER = NOON + DAY
ADA, BOB = key(), key("bob")

Scene = Callable[[Database, Archive], Awaitable[Any]]


@pytest.fixture(params=["sqlite", "postgres"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scene], Any]:
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
        migrated(url)

    def run(scene: Scene) -> Any:
        async def opened() -> Any:
            database = Database(url)
            archive = Archive(Database(url), None, KEY_OF)
            try:
                await database.write(mentioned)
                return await scene(database, archive)
            finally:
                await archive.aclose()
                await database.aclose()

        return asyncio.run(opened())

    return run


def mentioned(connection: Connection) -> None:
    insert_turns(connection, [question_row(MENTION), question_row(OF_BOB)])


def written(connection: Connection) -> None:
    """Notes and marks on both mentions, and what she said of hers."""
    for number, record in ((3, MENTION), (4, OF_BOB)):
        by = {"escalation_id": record.id, "actor": "token:1", "at": NOON}
        verdicts.add_note(connection, {**by, "id": uuid7(NOON, number), "words": "call back"})
        mark = {"converted": True, "amount": 4900, "currency": "usd", "note": "paid in cash"}
        purchases.mark(connection, {**by, "id": uuid7(NOON, number), **mark})
    said = {"escalation_id": MENTION.id, "user_key": ADA, "note": "I am Ada", "at": NOON}
    connection.execute(insert(feedback), [{**said, "stop": True}])


def a_fact(purchase: str, **person: Any) -> dict[str, Any]:
    nobody = dict.fromkeys(("customer", "email_key", "user_key", "reference_key"))
    said = {"id": f"stripe:{purchase}", "provider": "stripe", "kind": "paid", "at": NOON}
    return {**said, "purchase_key": purchase, "said": {}, **nobody, **person}


def a_delivery(name: str, number: int) -> dict[str, Any]:
    came = {"provider": "stripe", "headers": {}, "body": b"{}", "received_at": NOON, "attempts": 1}
    return {**came, "id": uuid7(NOON, number), "external_id": name}


def bought(connection: Connection) -> None:
    """Purchases that name her, or only her customer or address; and some of Bob's."""
    facts = [
        a_fact("named", reference_key=ADA, customer="stripe:cus_ada", email_key="mail_ada"),
        a_fact("customer", customer="stripe:cus_ada"),
        a_fact("address", email_key="mail_ada"),
        a_fact("shared", customer="stripe:cus_ada", user_key=BOB),
        a_fact("gift", reference_key=ADA, customer="stripe:cus_bob"),
        a_fact("other", user_key=BOB, customer="stripe:cus_bob"),
    ]
    connection.execute(insert(payment_facts), facts)
    row = dict.fromkeys(("amount", "refunded", "disputed", "lost", "net", "lifetime"), 0)
    given = {"provider": "stripe", "status": "paid", "kind": "organic", "counts": True}
    times = {"begun_at": NOON, "settled_at": NOON, "payments": 1}
    of_bob = {"id": uuid7(NOON, 9), "purchase_key": "gift", "user_key": BOB}
    connection.execute(insert(conversions), [{**row, **given, **times, **of_bob}])
    events = [a_delivery(fact["purchase_key"], 20 + n) for n, fact in enumerate(facts)]
    connection.execute(insert(webhook_events), events)


def a_letter(number: int, user: str, seconds: float) -> dict[str, Any]:
    came = int((AFTER.timestamp() + seconds) * 1000)
    body = f'{{"user_key": "{user}", "question": "damaged'
    said = {"kind": "turn", "body": body, "error": "damaged", "deliveries": 5, "died_at": AFTER}
    return {**said, "stream_id": f"{came}-{number}", "bucket": number}


def test_an_event_of_before_an_erasing_that_dies_after_it_is_no_dead_letter(play: Any) -> None:
    async def scene(database: Database, archive: Archive) -> list[Any]:
        await archive.erase(ADA, AFTER)
        letters = [a_letter(1, ADA, -60), a_letter(2, ADA, 60), a_letter(3, BOB, -60)]
        await database.write(bury, letters)
        await database.write(bury, letters[:1])
        return await database.read(rows, dead_letters, "bucket")

    assert play(scene) == [(2,), (3,)]


def rows(connection: Connection, table: Table, *names: str) -> list[Any]:
    found = connection.execute(select(*(table.c[name] for name in names)))
    return sorted((tuple(row) for row in found), key=str)


def test_what_admins_wrote_of_a_user_and_her_unassigned_purchases_are_handed_out(
    play: Any,
) -> None:
    async def scene(database: Database, archive: Archive) -> Kept:
        await database.write(written)
        await database.write(bought)
        return await archive.export(ADA, AFTER)

    kept = play(scene)
    assert [note["words"] for note in kept["escalation_notes"]] == ["call back"]
    assert [mark["note"] for mark in kept["conversion_marks"]] == ["paid in cash"]
    hers = {"named", "customer", "address", "gift"}
    assert {fact["purchase_key"] for fact in kept["payment_facts"]} == hers
    told = {one["external_id"]: one["body"] for one in kept["webhook_events"]}
    assert told == dict.fromkeys(hers, "{}")


def test_what_people_said_of_her_questions_is_handed_out(play: Any) -> None:
    async def scene(database: Database, archive: Archive) -> Kept:
        for record in (MENTION, OF_BOB):
            label = {"id": record.id, "escalate": True, "offer": "course"}
            await database.write(verdicts.label, label | {"actor": "token:1", "at": NOON})
        return await archive.export(ADA, AFTER)

    (label,) = play(scene)["question_labels"]
    assert (label["id"], label["escalate"], label["actor"]) == (str(MENTION.id), True, "token:1")


def test_a_purchase_that_claims_to_be_of_the_future_does_not_outlive_its_buyer(play: Any) -> None:
    ahead = NOON + 400 * DAY

    def told(connection: Connection) -> None:
        bought(connection)
        connection.execute(payment_facts.update().values(at=ahead))
        connection.execute(conversions.update().values(begun_at=ahead, user_key=ADA))

    async def scene(database: Database, archive: Archive) -> Any:
        await database.write(told)
        late = [a_fact("late", user_key=ADA) | {"at": ahead}]
        came = [a_delivery("late", 30) | {"received_at": AFTER + DAY}]
        await database.write(lambda on: on.execute(insert(payment_facts), late))
        await database.write(lambda on: on.execute(insert(webhook_events), came))
        await archive.erase(ADA, AFTER)
        facts = await database.read(rows, payment_facts, "purchase_key", "user_key", "customer")
        named = {name for name, user, customer in facts if user == ADA or customer is not None}
        return named, await database.read(rows, conversions, "user_key")

    named, sold = play(scene)
    assert named == {"shared", "other", "late"}
    assert sold == [(None,)]


def test_an_erased_user_is_gone_from_notes_marks_and_purchases_that_name_her(play: Any) -> None:
    async def scene(database: Database, archive: Archive) -> Any:
        await database.write(written)
        await database.write(bought)
        await archive.erase(ADA, AFTER)
        person = ("purchase_key", "customer", "email_key", "user_key", "reference_key")
        facts = await database.read(rows, payment_facts, *person)
        marks = await database.read(rows, conversion_marks, "amount", "note", "user_key")
        notes = await database.read(rows, escalation_notes, "words", "user_key")
        bodies = await database.read(rows, webhook_events, "external_id", "body")
        left = {name for name, body in bodies if body is not None}
        return {name: person for name, *person in facts}, marks, notes, left

    facts, marks, notes, bodies = play(scene)
    nobody = [None] * 4
    assert facts == {
        "named": nobody,
        "customer": nobody,
        "address": nobody,
        "shared": ["stripe:cus_ada", None, BOB, None],
        "gift": ["stripe:cus_bob", None, None, None],
        "other": ["stripe:cus_bob", None, BOB, None],
    }
    assert marks == [(4900, "paid in cash", BOB), (4900, None, None)]
    assert notes == [("call back", BOB)]
    assert bodies == {"shared", "other"}


def test_words_about_a_mention_go_with_it_and_amounts_and_stops_stay(play: Any) -> None:
    async def scene(database: Database, _archive: Archive) -> Any:
        await database.write(written)
        await maintain_database(database, NOON + 62 * DAY, 30, at_once=1)
        return (
            await database.read(rows, escalation_notes, "words"),
            await database.read(rows, conversion_marks, "amount", "note", "user_key"),
            await database.read(rows, feedback, "stop", "note"),
        )

    assert play(scene) == ([], [(4900, None, None)] * 2, [(True, None)])


def test_a_user_whose_mention_is_past_its_retention_is_erased_from_words_about_it(
    play: Any,
) -> None:
    async def scene(database: Database, archive: Archive) -> Any:
        await database.write(written)
        mention = escalation_logs.c.id == MENTION.id
        await database.write(lambda on: on.execute(delete(escalation_logs).where(mention)))
        await archive.erase(ADA, AFTER)
        return await database.read(rows, escalation_notes, "user_key")

    assert play(scene) == [(BOB,)]


async def by_hand(database: Database) -> None:
    archive = Archive(database, None, KEY_OF)
    await archive.erase(ADA, AFTER)


async def by_drain(database: Database) -> None:
    event = read_event("erase", json.dumps({"user_key": ADA, "at": AFTER.isoformat()}))
    await database.write(apply, [event], {bucket_of(ADA)}, AFTER)


@pytest.mark.parametrize("erase", [by_hand, by_drain])
def test_a_sale_that_is_being_settled_while_its_buyer_is_erased_leads_to_nobody(
    postgres_url: str, erase: Callable[[Database], Awaitable[None]]
) -> None:
    sale = deliveries.session(metadata={"tay_user_id": "ada"})

    async def scene() -> Any:
        database, settled = Database(postgres_url), asyncio.Event()

        def work(connection: Connection) -> None:
            settle(connection, deliveries.facts(sale), deliveries.RULES, AFTER)
            settled.set()
            connection.execute(text("SELECT pg_sleep(0.5)"))

        try:
            working = asyncio.ensure_future(database.write(work))
            await settled.wait()
            await erase(database)
            await working
            told = await database.read(rows, payment_facts, "user_key", "customer")
            return told, await database.read(rows, conversions, "user_key", "counts")
        finally:
            await database.aclose()

    assert asyncio.run(scene()) == ([(None, None)], [(None, True)])
