"""A credit outlives the log: after retention or erasure what comes later changes amounts alone."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from tay_middleware.payments.facts import Evidence, Fact, Said
from tay_middleware.payments.settle import settle
from tay_middleware.storage import Database, ledger
from tay_middleware.storage.partitions import maintain, maintain_database
from tay_middleware.storage.payments.tables import conversions
from tay_middleware.storage.sql import escalation_logs
from tests.builders import NOON
from tests.databases import play
from tests.payments import deliveries as d
from tests.payments.test_settle import BUYER, MENTION, TERMS, handled, mention, worker
from tests.storage.records import a_record, key

DAY = timedelta(days=1)
LATE = 100 * 86_400
GONE = NOON + 200 * DAY
FIRST = d.invoice("i1", 1, 0, reason="subscription_create", metadata={"tay_user_id": "ada"})
RENEWAL = d.invoice("i2", 2, LATE, reason="subscription_cycle", metadata={"tay_user_id": "ada"})
Go = Callable[[Database], Awaitable[None]]


async def retention(database: Database) -> None:
    if database.is_file:
        await maintain_database(database, GONE, 30)
    else:
        await database.write(maintain, GONE, 30)
    assert await database.read(_mentions) == []


async def erasure(database: Database) -> None:
    until = NOON + DAY
    await database.write(ledger.remember_erased, {key(): until})
    await database.write(ledger.erase_rows, key(), until)


def _mentions(connection: Connection) -> list[Any]:
    columns = escalation_logs.c
    return list(connection.execute(select(columns.id, columns.converted)).all())


def _sold(connection: Connection) -> list[tuple[Any, ...]]:
    sold = conversions.c
    rows = select(sold.kind, sold.method, sold.escalation_id, sold.net, sold.lifetime)
    return [tuple(row) for row in connection.execute(rows.order_by(sold.begun_at, sold.id))]


@pytest.mark.parametrize("rows_go", [retention, erasure])
def test_a_renewal_after_the_rows_are_gone_leaves_the_credit_as_it_was(
    rows_go: Go, url: str
) -> None:
    async def scene(database: Database) -> Any:
        await database.write(mention, MENTION)
        await handled(database, [FIRST])
        await rows_go(database)
        await handled(database, [RENEWAL])
        return await database.read(_sold), await database.read(_mentions)

    sold, mentions = play(url, scene)
    assert sold == [("attributed", "metadata", MENTION.id, 2000, 4000)]
    assert mentions == ([(MENTION.id, True)] if rows_go is erasure else [])


@pytest.mark.parametrize(
    "later", [d.refunded("r", LATE, 1000), d.dispute("x", "charge.dispute.created", LATE, "open")]
)
def test_money_that_goes_back_later_changes_amounts_and_no_credit(
    later: dict[str, Any], url: str
) -> None:
    async def scene(database: Database) -> Any:
        await database.write(mention, MENTION)
        named = d.session("s1", 0, client_reference_id="ada")
        await handled(database, [named, d.intent("p1", 1)])
        await retention(database)
        await handled(database, [later])
        return await database.read(_sold)

    net = 3900 if later["type"] == "charge.refunded" else 4900
    assert play(url, scene) == [("attributed", "reference", MENTION.id, net, net)]


def test_another_purchase_of_the_customer_is_still_known_to_be_hers(url: str) -> None:
    """The first one named her by a link whose mention is gone, or by an id that the log forgot."""

    async def scene(database: Database) -> Any:
        new = a_record(2, at=NOON + 199 * DAY)
        await database.write(mention, MENTION)
        await handled(database, [d.session("s1", 0, client_reference_id="ada")])
        await retention(database)
        await database.write(mention, new)
        await handled(
            database, [d.session("s2", 199 * 86_400 + 60, id="cs_2", payment_intent="pi_2")]
        )
        return [row[:3] for row in await database.read(_sold)], new.id

    rows, new = play(url, scene)
    assert rows == [("attributed", "reference", MENTION.id), ("attributed", "customer", new)]


def test_an_erased_buyers_hearsay_is_not_looked_for_again(url: str) -> None:
    async def scene(database: Database) -> Any:
        await database.write(mention, MENTION)
        other = d.session("s2", 60, id="cs_2", payment_intent="pi_2")
        await handled(database, [d.session("s1", 0, **BUYER), other])
        before = await database.read(_sold)
        await erasure(database)
        await worker(database, NOON + DAY).upkeep()
        return before, await database.read(_sold)

    before, after = play(url, scene)
    assert after == before
    assert [row[:2] for row in after] == [("attributed", "metadata"), ("attributed", "customer")]


def test_two_purchases_that_turn_out_to_be_one_keep_the_credit_of_either(url: str) -> None:
    """The one that is no more had it; the payment that takes it in had none."""

    async def scene(database: Database) -> Any:
        await database.write(mention, MENTION)
        await handled(database, [d.session("s1", 0, payment_intent=None, **BUYER)])
        await handled(database, [d.intent("p1", 1, latest_charge="a_charge")])
        await retention(database)
        joins = d.session("s3", 2, metadata={}, customer=None)
        await handled(database, [joins])
        return await database.read(_sold)

    assert play(url, scene) == [("attributed", "metadata", MENTION.id, 4900, 4900)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Evidence(by_hand=True, dismissed=True), ("dismissed", None)),
        (Evidence(by_hand=True, user_key="b" * 32), ("organic", None)),
    ],
)
def test_an_admins_word_still_decides(said: Evidence, expected: tuple[str, Any], url: str) -> None:
    async def scene(database: Database) -> Any:
        await handled(database, [d.session("s1", 0)])
        await retention(database)
        names = text("SELECT purchase_key FROM conversions")
        name = await database.read(lambda tx: tx.execute(names).scalar_one())
        word = Fact(
            "admin:1", "admin", Said.ASSIGNED, GONE, frozenset(), series=name, evidence=said
        )
        await database.write(settle, [word], TERMS.rules, GONE)
        await handled(database, [d.refunded("r", LATE, 1000)])
        return [(row[0], row[2]) for row in await database.read(_sold)]

    assert play(url, scene) == [expected]


def test_a_first_payment_that_comes_after_its_renewals_is_still_looked_for(url: str) -> None:
    """Until then they are of before Tay, which is no credit and waits for nobody."""

    async def scene(database: Database) -> Any:
        await database.write(mention, a_record(2, at=NOON + 99 * DAY))
        await handled(database, [RENEWAL])
        alone = await database.read(_sold)
        await retention(database)
        await database.write(mention, MENTION)
        await handled(database, [FIRST])
        return alone, await database.read(_sold)

    assert play(url, scene) == (
        [("earlier", "metadata", None, 2000, 2000)],
        [("attributed", "metadata", MENTION.id, 2000, 4000)],
    )
