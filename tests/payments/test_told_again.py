"""What is told later of the same sale changes no credit: not its touches, not what was sold."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tay_middleware.payments.facts import Evidence, Fact, Said
from tay_middleware.payments.settle import settle
from tay_middleware.storage import Database
from tay_middleware.storage.payments.tables import conversions
from tests.builders import NOON
from tests.databases import migrated, play
from tests.payments import deliveries as d
from tests.payments import test_held as held
from tests.payments.test_held import DAY, OLD, RULES, of_course
from tests.payments.test_settle import LATER, mention
from tests.storage.records import a_record

FIRST = a_record(2, at=NOON - 12 * DAY)
LONG_AGO = a_record(4, at=NOON - 20 * DAY)
CATALOGUE = replace(RULES, offers={"plink_course": "course", "price_m": "mentorship"})
SHOWN = (FIRST, OLD, of_course(3, at=NOON - 11 * DAY), LONG_AGO)
NAMED = {"tay_escalation_id": str(OLD.id)}
WORD = Fact(
    id="admin:1",
    provider="admin",
    said=Said.ASSIGNED,
    at=LATER,
    keys=frozenset({"stripe:cs_1"}),
    evidence=Evidence(by_hand=True, escalation_id=OLD.id),
)
SALES: dict[str, Sequence[Fact]] = {
    "of a link that nobody lists": d.facts(d.session(payment_link="plink_x", metadata=NAMED)),
    "of an offer that nobody knows": d.facts(
        d.session(metadata=NAMED | {"tay_offer": "a workshop"})
    ),
    "of a mention of before the window": d.facts(
        d.session(metadata={"tay_escalation_id": str(LONG_AGO.id)})
    ),
    "of another offer, as an admin says": (
        *d.facts(d.session(payment_link="plink_course")),
        WORD,
    ),
}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return migrated(f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}")


def touches(connection: Connection) -> tuple[Any, ...]:
    sold = conversions.c
    columns = (sold.kind, sold.offer, sold.escalation_id, sold.first_escalation_id)
    return tuple(connection.execute(select(*columns)).one())


@pytest.mark.parametrize("sale", SALES)
def test_what_is_told_once_more_changes_no_credit(sale: str, url: str) -> None:
    """The mention that has the credit is named, and would not have it by its offer and its time."""

    async def scene(database: Database) -> list[Any]:
        await database.write(mention, *SHOWN)
        found = []
        for facts in (SALES[sale], SALES[sale], d.facts(d.refunded("r1", 99, 100))):
            await database.write(settle, facts, CATALOGUE, LATER)
            found.append(await database.read(touches))
        return found

    once, again, refunded = play(url, scene)
    assert once[0] == "attributed"
    assert once == again == refunded


CHARGE = d.intent("p2", 2_592_000, id="pi_2", latest_charge="ch_2", amount_received=2000)
JOINED = d.joined("j2", 2, 2_592_001)
RENEWED: dict[str, Sequence[Sequence[dict[str, Any]]]] = {
    "a lesser key comes": [[held.RENEWAL, JOINED, CHARGE]],
    "its charge is a purchase of its own at first": [[CHARGE], [held.RENEWAL], [JOINED]],
}


@pytest.mark.parametrize("change", held.CHANGES)
@pytest.mark.parametrize("renewed", RENEWED)
def test_a_renewal_that_brings_keys_after_the_rules_changed_leaves_the_credit(
    renewed: str, change: str, url: str
) -> None:
    """A purchase goes by its least key, and each charge has one of its own."""

    async def scene(database: Database) -> Any:
        await database.write(mention, OLD)
        await database.write(settle, d.facts(held.FIRST), RULES, LATER)
        for batch in RENEWED[renewed]:
            await database.write(settle, d.facts(*batch), held.CHANGES[change](RULES), LATER)
        return await database.read(held.credit)

    assert play(url, scene) == ("attributed", OLD.id, 4000, [OLD.id])
