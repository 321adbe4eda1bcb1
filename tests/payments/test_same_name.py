"""Deliveries under one name: the same one again, or another one that must not be lost unseen."""

from datetime import timedelta
from typing import Any

import pytest

from tay_middleware.payments.providers import PROVIDERS, digest
from tay_middleware.payments.reading import Part
from tay_middleware.storage import Database, ledger
from tay_middleware.storage.payments import inbox
from tests.databases import play
from tests.payments import deliveries as d
from tests.payments.test_settle import (
    LATER,
    MENTION,
    NUMBERS,
    a_delivery,
    mention,
    of_ada,
    worked_off,
    worker,
)
from tests.storage.records import key

WHOLE, STRIPE = PROVIDERS["standard"], PROVIDERS["stripe"]


def hashed(payload: dict[str, Any], body_hash: str | None) -> dict[str, Any]:
    return a_delivery(payload, next(NUMBERS)) | {"body_hash": body_hash}


@pytest.mark.parametrize(
    ("first", "then", "differs"), [("a", "a", False), ("a", "b", True), (None, "b", False)]
)
def test_another_delivery_under_a_name_is_told_even_when_words_are_gone(
    url: str, first: str | None, then: str | None, differs: bool
) -> None:
    async def scene(database: Database) -> list[bool]:
        again = []
        await database.write(inbox.store, [hashed(d.session(), first)])
        for redacts in (False, True):
            if redacts:
                await worked_off(worker(database), database)
                await worker(database, LATER + timedelta(days=91)).upkeep()
            row = hashed(d.session(), then)
            again.append(await database.write(inbox.store, [row]) == {row["id"]})
        return again

    assert play(url, scene) == [differs, differs]


def test_two_under_one_name_at_once_are_told_apart_too(url: str) -> None:
    one, same, other = (hashed(d.session(), name) for name in "aab")
    store = play(url, lambda database: database.write(inbox.store, [one, same, other]))
    assert store == {other["id"]}


def test_of_who_is_erased_no_hash_is_left(url: str) -> None:
    async def scene(database: Database) -> Any:
        await database.write(mention, MENTION)
        rows = [hashed(payload, "a") for payload in of_ada(d.ONE_TIME)]
        await database.write(inbox.store, rows)
        await worked_off(worker(database), database)
        await database.write(ledger.erase_rows, key(), LATER + timedelta(days=1))
        return (await database.read(inbox.named, "stripe", "evt_s1")).body_hash

    assert play(url, scene) is None


def test_what_a_delivery_says_does_not_hang_on_how_it_is_written() -> None:
    assert digest(WHOLE, Part({"a": 1, "b": 2})) == digest(WHOLE, Part({"b": 2, "a": 1}))
    assert digest(WHOLE, Part({"a": 1})) != digest(WHOLE, Part({"a": 2}))
    data: dict[str, Any] = {"data": {"object": {}}}
    waiting = [digest(STRIPE, Part(data | {"pending_webhooks": n})) for n in (1, 2)]
    assert waiting[0] == waiting[1]
