"""Credit that was given is not taken away by a change of the catalogue or of the window."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tay_middleware.domain import uuid7
from tay_middleware.payments.catalogue import Rules
from tay_middleware.payments.facts import Evidence, Fact, Said
from tay_middleware.payments.inbox import InboxWorker
from tay_middleware.payments.late import joinable
from tay_middleware.payments.settle import reconsider, restate_mentions, settle
from tay_middleware.storage import Database
from tay_middleware.storage.payments import inbox, purchases
from tay_middleware.storage.payments.tables import conversions
from tay_middleware.storage.reading import sales
from tay_middleware.storage.sql import escalation_logs
from tests.builders import NOON
from tests.databases import migrated, play
from tests.payments import deliveries as d
from tests.payments.test_settle import LATER, NUMBERS, TERMS, a_delivery, mention
from tests.storage.records import a_record

DAY = timedelta(days=1)
OLD = a_record(1, at=NOON - 10 * DAY)
BOTH = frozenset({"course", "mentorship"})
UNTOLD = Rules()
RULES = Rules(offers={"price_m": "mentorship", "price_c": "course"}, catalogue=BOTH)


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)
    return url


def billed(number: int, reason: str, *prices: str, **metadata: str) -> dict[str, Any]:
    lines = [{"pricing": {"price_details": {"price": one}}} for one in prices or ("price_m",)]
    details = {"subscription": "sub_1", "metadata": {"tay_user_id": "ada", **metadata}}
    return d.invoice(
        f"i{number}",
        number,
        (number - 1) * 2_592_000,
        reason=reason,
        lines={"data": lines},
        parent={"subscription_details": details},
    )


def of_course(number: int, *, at: datetime) -> Any:
    record = a_record(number, at=at)
    return replace(record, decision=replace(record.decision, offer="course"))


FIRST, RENEWAL = billed(1, "subscription_create"), billed(2, "subscription_cycle")


async def told(database: Database, rules: Rules, *payloads: dict[str, Any]) -> None:
    rows = [a_delivery(payload, next(NUMBERS)) for payload in payloads]
    await database.write(inbox.store, rows)
    terms = replace(TERMS, rules=rules)
    await InboxWorker(database, terms, clock=lambda: LATER, random=Random(1)).work_off()


def credit(connection: Connection) -> tuple[Any, ...]:
    sold, shown = conversions.c, escalation_logs.c
    row = connection.execute(select(sold.kind, sold.escalation_id, sold.lifetime)).one()
    converted = select(shown.id).where(shown.converted)
    return *row, list(connection.execute(converted).scalars())


CHANGES: dict[str, Callable[[Rules], Rules]] = {
    "a shorter window": lambda rules: replace(rules, window=7 * DAY),
    "a new price": lambda rules: replace(rules, offers={"price_m2": "mentorship"}),
    "a price of another offer": lambda rules: replace(rules, offers={"price_m": "course"}),
    "an offer that is no more": lambda _: Rules(offers={"p": "course"}, catalogue=frozenset()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_renewal_after_the_rules_changed_leaves_the_credit(change: str, url: str) -> None:
    async def scene(database: Database) -> Any:
        await database.write(mention, OLD)
        await told(database, RULES, FIRST)
        await told(database, CHANGES[change](RULES), RENEWAL)
        return await database.read(credit)

    assert play(url, scene) == ("attributed", OLD.id, 4000, [OLD.id])


def touches_of(connection: Connection) -> tuple[Any, ...]:
    columns = conversions.c
    rows = select(columns.kind, columns.escalation_id, columns.first_escalation_id)
    return tuple(connection.execute(rows.where(columns.purchase_key != "stripe:cs_b")).one())


def test_a_shorter_window_leaves_the_first_touch_too(url: str) -> None:
    first = a_record(2, at=NOON - 12 * DAY)

    async def scene(database: Database) -> Any:
        await database.write(mention, first, OLD)
        await told(database, RULES, FIRST)
        await told(database, replace(RULES, window=11 * DAY), RENEWAL)
        return await database.read(touches_of)

    assert play(url, scene) == ("attributed", OLD.id, first.id)


def test_credit_that_goes_to_another_mention_goes_by_the_window_of_today(url: str) -> None:
    first, late = a_record(2, at=NOON - 12 * DAY), a_record(3, at=NOON - DAY)

    async def scene(database: Database) -> Any:
        await database.write(mention, first, OLD)
        await told(database, RULES, FIRST)
        await database.write(mention, late)
        await told(database, replace(RULES, window=11 * DAY), RENEWAL)
        return await database.read(touches_of)

    assert play(url, scene) == ("attributed", late.id, OLD.id)


def test_a_mention_to_nobody_that_is_named_holds_and_is_no_touch_of_the_buyer(url: str) -> None:
    named, hers = a_record(2, at=NOON - 3 * DAY, user=None), a_record(3, at=NOON - DAY)
    bought = billed(1, "subscription_create", tay_escalation_id=str(named.id))

    async def scene(database: Database) -> list[Any]:
        await database.write(mention, named, hers)
        await told(database, RULES, bought)
        found = [await database.read(touches_of)]
        await told(database, CHANGES["a price of another offer"](RULES), RENEWAL)
        return [*found, await database.read(touches_of)]

    assert play(url, scene) == [("attributed", named.id, hers.id)] * 2


def test_the_mention_of_another_user_holds_no_credit_once_the_buyer_is_known(url: str) -> None:
    """It says nothing of what was bought either."""
    beas, adas = a_record(2, at=NOON - DAY, user="bea"), of_course(3, at=NOON - DAY)
    hers = {"id": "cs_b", "payment_intent": "pi_b", "metadata": {"tay_user_id": "bea"}}

    async def scene(database: Database) -> list[Any]:
        await database.write(mention, beas)
        sessions = d.session("s1", 9, **hers), d.session("s2", 0, client_reference_id="ada")
        await told(database, UNTOLD, *sessions)
        found = [await database.read(touches_of)]
        await database.write(mention, adas)
        await database.write(reconsider, ["stripe:cs_1"], UNTOLD, LATER)
        return [*found, await database.read(touches_of)]

    assert play(url, scene) == [("attributed", one.id, one.id) for one in (beas, adas)]


def test_what_an_admin_credited_stays_what_it_was_sold_as(url: str) -> None:
    said = Evidence(by_hand=True, escalation_id=OLD.id)
    keys = frozenset({"stripe:cs_1"})
    word = Fact("admin:1", "admin", Said.ASSIGNED, LATER, keys, evidence=said)

    async def scene(database: Database) -> list[Any]:
        await database.write(mention, OLD)
        rules = replace(RULES, offers={"plink_1": "mentorship"})
        await told(database, rules, d.session("s1", 0, payment_link="plink_1"))
        await database.write(settle, [word], rules, LATER)
        found = [await database.read(offer)]
        changed = replace(RULES, offers={"plink_1": "course"})
        await database.write(reconsider, ["stripe:cs_1"], changed, LATER)
        return [*found, await database.read(offer)]

    assert play(url, scene) == [("mentorship", OLD.id)] * 2


def test_two_purchases_that_turn_out_to_be_one_are_credited_anew(url: str) -> None:
    """The one began before the mention that the other was credited to."""
    course, ada = of_course(2, at=NOON + DAY), {"metadata": {"tay_user_id": "ada"}}
    late = 2 * DAY.total_seconds()

    async def scene(database: Database) -> list[Any]:
        await database.write(mention, OLD, course)
        await told(database, UNTOLD, d.session("s1", late, payment_intent=None, **ada))
        found = [await database.read(touches_of)]
        await told(database, UNTOLD, d.intent("p1", 0, latest_charge="py_1", **ada))
        await told(database, UNTOLD, d.session("s2", late))
        return [*found, await database.read(touches_of)]

    assert play(url, scene) == [
        ("attributed", course.id, OLD.id),
        ("attributed", OLD.id, OLD.id),
    ]


def test_what_is_bought_told_otherwise_is_credited_anew(url: str) -> None:
    """The payment alone says nothing of what was bought, the invoice does."""

    async def scene(database: Database) -> list[Any]:
        await database.write(mention, OLD)
        named = {"metadata": {"tay_user_id": "ada"}, "id": "pi_1", "invoice": "in_1"}
        await told(database, replace(RULES, offers={}), d.intent("p1", 0, **named))
        found = [(await database.read(credit))[:2]]
        await told(database, RULES, billed(1, "subscription_create", "price_c"))
        return [*found, (await database.read(credit))[:2]]

    assert play(url, scene) == [("attributed", OLD.id), ("cross_sale", None)]


def offer(connection: Connection) -> tuple[Any, ...]:
    columns = conversions.c
    return tuple(connection.execute(select(columns.offer, columns.escalation_id)).one())


@pytest.mark.parametrize("rules", [UNTOLD, RULES])
def test_a_late_mention_of_another_offer_leaves_the_credit(rules: Rules, url: str) -> None:
    """By whoever looks: upkeep, and the next delivery. What was bought may be of any offer."""

    async def scene(database: Database) -> list[Any]:
        first = billed(1, "subscription_create", "price_m", "price_c")
        await database.write(mention, OLD)
        await told(database, rules, first)
        await database.write(mention, of_course(2, at=NOON - DAY))
        found = [await database.read(joinable, rules, NOON + DAY)]
        await told(database, rules, RENEWAL)
        return [*found, await database.read(offer)]

    assert play(url, scene) == [[], ("mentorship", OLD.id)]


@pytest.mark.parametrize("rules", [UNTOLD, RULES])
def test_a_late_mention_of_another_offer_takes_the_credit_if_it_is_named(
    rules: Rules, url: str
) -> None:
    late = of_course(2, at=NOON - DAY)

    async def scene(database: Database) -> list[Any]:
        prices = ("price_m", "price_c")
        first = billed(1, "subscription_create", *prices, tay_escalation_id=str(late.id))
        await database.write(mention, OLD)
        await told(database, rules, first)
        found = [await database.read(offer)]
        await database.write(mention, late)
        await told(database, rules, RENEWAL)
        return [*found, await database.read(offer)]

    assert play(url, scene) == [("mentorship", OLD.id), ("course", late.id)]


def test_an_upgrade_of_the_plan_leaves_the_first_sale_to_its_mention(url: str) -> None:
    course = of_course(2, at=NOON - DAY)

    async def scene(database: Database) -> Any:
        await database.write(mention, OLD, course)
        await told(database, RULES, FIRST)
        await told(database, RULES, billed(2, "subscription_update", "price_c"))
        return await database.read(credit)

    assert play(url, scene) == ("attributed", OLD.id, 4000, [OLD.id])


def test_an_id_that_was_listed_once_is_still_understood(url: str) -> None:
    """A purchase's id is made of its least key, and a lesser one may come."""

    async def scene(database: Database) -> Any:
        await told(database, RULES, d.session())
        (listed,) = await database.read(sales.purchases, kind=None, before=None, limit=9)
        await told(database, RULES, d.intent())
        (now,) = await database.read(sales.purchases, kind=None, before=None, limit=9)
        found = await database.read(sales.purchase, listed.id)
        return listed.id == now.id, found == now

    assert play(url, scene) == (False, True)


def marked(connection: Connection, amount: int) -> None:
    said = {"amount": amount, "currency": "usd", "note": None, "actor": "a", "sold_at": None}
    row = {"id": uuid7(LATER, 1), "escalation_id": OLD.id, "converted": True, "at": LATER}
    purchases.mark(connection, row | said)
    restate_mentions(connection, [OLD.id])


def test_a_sale_that_was_marked_by_hand_and_its_payment_count_once(url: str) -> None:
    async def scene(database: Database) -> Any:
        await database.write(mention, OLD, a_record(2, at=NOON - DAY))
        await database.write(marked, 2000)
        await told(database, RULES, FIRST)
        await told(database, RULES, RENEWAL)
        found = await database.read(sales.figures, NOON - 90 * DAY, NOON + 90 * DAY)
        revenue = [(row.kind, row.conversions, row.net) for row in found.revenue]
        return await database.read(credit), revenue

    assert play(url, scene) == (
        ("attributed", OLD.id, 4000, [OLD.id]),
        [("attributed", 1, 2000)],
    )


def test_a_mark_that_is_made_after_the_payment_is_of_another_sale(url: str) -> None:
    late = a_record(2, at=NOON - DAY)

    async def scene(database: Database) -> Any:
        await database.write(mention, OLD, late)
        await told(database, RULES, FIRST)
        await database.write(marked, 2000)
        await told(database, RULES, RENEWAL)
        return await database.read(credit)

    kind, credited, lifetime, converted = play(url, scene)
    assert (kind, credited, lifetime) == ("attributed", late.id, 4000)
    assert set(converted) == {OLD.id, late.id}


def test_what_is_told_again_of_an_old_refund_takes_no_word_away(url: str) -> None:
    """The word came after the money was gone: it is of another sale."""

    async def scene(database: Database) -> list[Any]:
        await database.write(mention, OLD)
        named = {"metadata": {"tay_user_id": "ada"}}
        rules = replace(RULES, offers={})
        await told(database, rules, d.session("s1", 0, **named), d.intent("p1"))
        await told(database, rules, d.refunded("r1", 9, 4900))
        await database.write(marked, 4900)
        found = [(await database.read(credit))[3]]
        days = (LATER - NOON).total_seconds() + 86_400
        await told(database, rules, d.refund("f", "refund.updated", days, 4900, "succeeded"))
        return [*found, (await database.read(credit))[3]]

    assert play(url, scene) == [[OLD.id], [OLD.id]]
