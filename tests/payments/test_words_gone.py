"""Whose words go from the inbox: of who was erased before they came, and of what means nothing."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from tay_middleware.payments.providers import PROVIDERS, digest, parse
from tay_middleware.storage import Database, ledger
from tay_middleware.storage.payments import inbox
from tay_middleware.storage.payments.tables import conversions, payment_facts
from tests.builders import NOON
from tests.databases import play
from tests.payments import deliveries as d
from tests.payments.test_settle import LATER, a_delivery, worked_off, worker
from tests.storage.records import key

RENA: dict[str, Any] = {
    "client_reference_id": "ada",
    "customer_details": {"email": "rena@example.com", "name": "Rena X"},
}
NEWS: dict[str, Any] = {
    "id": "cus_1",
    "email": "rena@example.com",
    "metadata": {"tay_user_id": "ada"},
}


def hashed(payload: dict[str, Any]) -> dict[str, Any]:
    said = digest(PROVIDERS["stripe"], parse(d.body_of(payload)))
    headers = {"stripe-signature": "t=1"}
    return a_delivery(payload, 1) | {"body_hash": said, "headers": headers}


async def erased(database: Database, seconds: float) -> None:
    until = NOON + timedelta(seconds=seconds)
    await database.write(ledger.remember_erased, {key(): until})
    await database.write(ledger.erase_rows, key(), until)


async def told(database: Database, payload: dict[str, Any]) -> Any:
    """The delivery as it is left when it is handled."""
    await database.write(inbox.store, [hashed(payload)])
    await worked_off(worker(database), database)
    return await database.read(inbox.named, "stripe", payload["id"])


def test_a_delivery_of_before_an_erasing_that_comes_after_it_is_left_without_words(
    url: str,
) -> None:
    async def scene(database: Database) -> tuple[Any, ...]:
        await erased(database, 3600)
        left = await told(database, d.session(**RENA))
        again = await database.write(inbox.store, [hashed(d.session(**RENA))])
        facts = await database.read(lambda tx: tx.execute(select(payment_facts)).all())
        net = await database.read(lambda tx: tx.execute(select(conversions.c.net)).scalar_one())
        return left, again, facts, net

    left, again, facts, net = play(url, scene)
    assert (left.body, left.body_hash, left.headers, left.redacted_at) == (None, None, {}, LATER)
    assert (left.outcome, net) == ("applied", 4900)
    assert [fact.reference_key for fact in facts] == [None]
    assert again == set()  # the sender may try again under its name, and is not refused


def test_what_a_user_buys_who_came_back_is_kept_word_for_word(url: str) -> None:
    async def scene(database: Database) -> Any:
        await erased(database, -3600)
        return await told(database, d.session(**RENA))

    assert b"Rena X" in play(url, scene).body


def test_the_words_of_what_means_nothing_go_at_once_and_it_is_still_known_again(url: str) -> None:
    news, other = (d.event("n1", "customer.updated", **NEWS, phone=phone) for phone in "12")

    async def scene(database: Database) -> tuple[Any, set[Any], int]:
        left = await told(database, news)
        later = [hashed(news), hashed(other) | {"id": a_delivery(other, 2)["id"]}]
        refused = await database.write(inbox.store, later)
        replayed = await database.write(inbox.set_due, [left.id], LATER)
        return left, refused, replayed

    left, refused, replayed = play(url, scene)
    assert (left.outcome, left.body, left.headers) == ("ignored", None, {})
    assert (left.redacted_at, replayed) == (LATER, 0)
    assert refused == {a_delivery(other, 2)["id"]}
