"""Deliveries of the other mode, and those given up, are found for whom they name."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tay_middleware.domain import uuid7
from tay_middleware.payments import imports
from tay_middleware.payments.lines import Line
from tay_middleware.storage import Database, ledger
from tay_middleware.storage.payments import inbox
from tay_middleware.storage.payments.unapplied import names_in
from tay_middleware.storage.people import Archive
from tests.builders import NOON
from tests.databases import play
from tests.payments import deliveries as d
from tests.payments.test_settle import LATER, TERMS, handled
from tests.storage.records import KEY_OF, key

AFTER = LATER + timedelta(seconds=1)
OF_ADA: dict[str, Any] = {"customer": "cus_ada", "customer_details": {"email": "Ada@example.com"}}
NOBODYS: dict[str, Any] = {"customer": "cus_2", "client_reference_id": None}

CUSTOMER = d.session("customer", live=False, **OF_ADA)
REFERENCE = d.session("reference", live=False, **OF_ADA, client_reference_id="ada")
MAIL = d.session("mail", live=False, customer=None, receipt_email="ada@example.com ")
DEAD = d.session("dead", currency="zzz", customer=None, metadata={"tay_user_id": " ada"})
ZOES = d.session("zoes", live=False, customer="cus_zoe", client_reference_id="zoe")
WORD = d.session("word", live=False, **NOBODYS, description="ada", items=["ada"])
IMPORTED = {
    "type": "purchase.paid",
    "data": {
        "purchase_id": "o-1",
        "amount": "49.00",
        "currency": "usd",
        "occurred_at": NOON.isoformat(),
        "user_id": "ada",
        "test": True,
    },
}
LIVE = d.session("live", customer="cus_live", client_reference_id="ada")


async def _told(database: Database) -> list[str]:
    """The names of the deliveries that an export hands out."""
    kept = await Archive(database, None, KEY_OF).export(key(), NOON)
    return sorted(row["external_id"].removeprefix("evt_") for row in kept["webhook_events"])


async def _worded(database: Database) -> list[str]:
    """The names of those that have their words."""
    rows = await database.read(inbox.page, limit=100)
    found = [await database.read(inbox.one, row.id) for row in rows]
    return sorted(row.external_id.removeprefix("evt_") for row in found if row.body is not None)


def played(url: str, payloads: Sequence[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """What is exported, and what has its words after an erasing."""

    async def scene(database: Database) -> tuple[list[str], list[str]]:
        await handled(database, payloads)
        told = await _told(database)
        await Archive(database, None, KEY_OF).erase(key(), AFTER)
        assert await _told(database) == []
        return told, await _worded(database)

    return play(url, scene)


def test_an_export_and_an_erasing_find_what_came_to_no_fact(url: str) -> None:
    told, worded = played(url, [CUSTOMER, REFERENCE, MAIL, DEAD, ZOES, WORD, LIVE])
    assert told == ["customer", "dead", "live", "mail", "reference"]
    assert worded == ["word", "zoes"]


def test_what_another_user_has_as_well_leads_to_nobody(url: str) -> None:
    theirs = d.session("theirs", live=False, **OF_ADA, client_reference_id="zoe")
    told, worded = played(url, [CUSTOMER, REFERENCE, MAIL, theirs])
    assert told == ["reference"]
    assert worded == ["customer", "mail", "theirs"]


def test_a_customer_whom_the_facts_know_is_found_in_what_was_given_up(url: str) -> None:
    dead = d.session("dead", currency="zzz", customer="cus_live")
    assert played(url, [LIVE, dead]) == (["dead", "live"], [])


@pytest.mark.parametrize("payload", [REFERENCE, DEAD], ids=["other mode", "given up"])
def test_what_waits_at_an_erasing_is_left_without_words_when_it_comes_to_nothing(
    url: str, payload: dict[str, Any]
) -> None:
    async def scene(database: Database) -> list[str]:
        await database.write(ledger.remember_erased, {key(): AFTER})
        await handled(database, [payload, ZOES])
        return await _worded(database)

    assert play(url, scene) == ["zoes"]


def test_of_the_other_mode_what_is_of_before_an_erasing_goes_also_where_it_comes_after_it(
    url: str,
) -> None:
    back = d.session("back", 7200, live=False, client_reference_id="ada")
    nothing = d.event("nothing", "customer.updated", live=False, metadata={"tay_user_id": "ada"})
    hour = NOON + timedelta(hours=1)
    line = Line(1, "imported", "purchase.paid", json.dumps(IMPORTED).encode(), has_zone=True)

    async def scene(database: Database) -> tuple[list[str], list[str]]:
        await database.write(ledger.remember_erased, {key(): hour})
        await handled(database, [REFERENCE, back, nothing, ZOES])
        await database.write(imports.take, [line], TERMS, LATER, lambda: uuid7(LATER, 9_000))
        rows = await database.read(inbox.page, limit=100)
        gone = [row.external_id for row in rows if row.redacted_at == LATER]
        return await _worded(database), sorted(gone)

    worded, gone = play(url, scene)
    assert worded == ["back", "zoes"]  # she came back after it, as a live one would be kept
    assert gone == ["evt_nothing", "evt_reference", "imported"]


@pytest.mark.parametrize(
    ("provider", "payload"),
    [
        ("standard", {"data": {"user_id": 17}}),
        ("standard", {"data": {"reference": "17"}}),
        ("shopify", {"note_attributes": [{"name": "tay_user_id", "value": "17"}]}),
        ("stripe", {"data": {"object": {"parent": {"metadata": {"tay_user_id": "17"}}}}}),
    ],
)
def test_a_user_is_found_wherever_a_provider_gives_an_id_back(
    provider: str, payload: dict[str, Any]
) -> None:
    names = names_in(provider, json.dumps(payload).encode(), KEY_OF)
    assert names.users == {KEY_OF("user:17")}


@pytest.mark.parametrize("body", [b"", b"\xff", b"[", b"[" * 100_000, b'{"user_id": true}', b"17"])
def test_words_that_cannot_be_read_name_nobody(body: bytes) -> None:
    assert names_in("standard", body, KEY_OF).users == frozenset()
