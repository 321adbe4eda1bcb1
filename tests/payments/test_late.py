"""Mentions that reach the log long after the purchase that they led to."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, select

from tay_middleware.payments import generic
from tay_middleware.payments.attribution import CLOCK_SKEW
from tay_middleware.payments.catalogue import Rules
from tay_middleware.payments.facts import Fact
from tay_middleware.payments.inbox import BATCH
from tay_middleware.payments.late import joinable
from tay_middleware.payments.reading import Part
from tay_middleware.payments.settle import reconsider, settle
from tay_middleware.storage import Database
from tay_middleware.storage.payments import awaited
from tay_middleware.storage.payments.credits import keep_credit
from tay_middleware.storage.payments.tables import awaited_mentions, conversions
from tay_middleware.storage.payments.touches import note_click
from tay_middleware.storage.sql import escalation_logs
from tests.builders import NOON
from tests.databases import migrated, play
from tests.payments import deliveries as d
from tests.payments.test_settle import BUYER, TERMS, handled, mention, worker
from tests.storage.records import DAY, SECOND, a_record, key

RULES = TERMS.rules
TOKEN = "t" * 22
SOON = a_record(1, at=NOON - timedelta(hours=1))
FIRST = a_record(2, at=NOON - timedelta(hours=2))
SESSION = d.session("s1", 0, **BUYER)


def arrives(connection: Connection, record: Any, token: str | None = None) -> None:
    mention(connection, record)
    values = escalation_logs.update().where(escalation_logs.c.id == record.id)
    connection.execute(values.values(link_token=token))


def credit(connection: Connection, purchase: str = "stripe:cs_1") -> tuple[Any, ...]:
    columns = conversions.c
    rows = select(columns.kind, columns.method, columns.escalation_id)
    return tuple(connection.execute(rows.where(columns.purchase_key == purchase)).one())


def waiting(connection: Connection) -> list[str]:
    return list(connection.execute(select(awaited_mentions.c.name)).scalars())


@pytest.mark.parametrize(
    "named", [{"client_reference_id": TOKEN}, {"metadata": {"tay_escalation_id": str(SOON.id)}}]
)
def test_what_a_purchase_names_is_waited_for_without_a_limit(
    named: dict[str, Any], url: str
) -> None:
    async def scene(database: Database) -> list[Any]:
        await handled(database, [d.session("s1", 0, **named)])
        late = worker(database, NOON + 400 * DAY)
        await late.upkeep()
        found = [await database.read(credit), len(await database.read(waiting))]
        await database.write(arrives, SOON, TOKEN)
        await late.upkeep()
        return [*found, await database.read(credit), await database.read(waiting)]

    method = "token" if "client_reference_id" in named else "metadata"
    assert play(url, scene) == [
        *(("unmatched", None, None), 1),
        *(("attributed", method, SOON.id), []),
    ]


def test_a_later_mention_of_the_offer_takes_the_credit_when_it_comes(url: str) -> None:
    async def scene(database: Database) -> list[UUID]:
        await database.write(mention, FIRST)
        await handled(database, [SESSION])
        found = [(await database.read(credit))[2]]
        await database.write(mention, SOON)
        await worker(database, NOON + 9 * DAY).upkeep()
        return [*found, (await database.read(credit))[2]]

    assert play(url, scene) == [FIRST.id, SOON.id]


def test_a_user_whom_the_log_had_not_seen_is_known_when_it_has(url: str) -> None:
    async def scene(database: Database) -> list[Any]:
        await handled(database, [d.session("s1", 0, client_reference_id="ada")])
        found = [await database.read(credit)]
        await database.write(mention, SOON)
        await worker(database, NOON + 9 * DAY).upkeep()
        return [*found, await database.read(credit)]

    assert play(url, scene) == [
        ("unmatched", None, None),
        ("attributed", "reference", SOON.id),
    ]


def test_a_reference_that_the_log_had_not_seen_overrules_hearsay(url: str) -> None:
    beas = a_record(3, at=NOON - timedelta(hours=3), user="bea")
    named = d.session("s2", 60, id="cs_2", payment_intent="pi_2", metadata={"tay_user_id": "bea"})

    async def scene(database: Database) -> list[Any]:
        await database.write(mention, beas)
        await handled(database, [named, d.session("s1", 0, client_reference_id="ada")])
        found = [await database.read(credit, "stripe:cs_1")]
        await database.write(mention, SOON)
        await worker(database, NOON + 9 * DAY).upkeep()
        return [*found, await database.read(credit, "stripe:cs_1")]

    assert play(url, scene) == [
        ("attributed", "customer", beas.id),
        ("attributed", "reference", SOON.id),
    ]


EDGES = {
    "before the window": -RULES.window + CLOCK_SKEW - SECOND,
    "where the window begins": -RULES.window + CLOCK_SKEW,
    "where the window ends": CLOCK_SKEW,
    "after the window": CLOCK_SKEW + SECOND,
}


@pytest.mark.parametrize("edge", EDGES)
def test_upkeep_looks_at_what_a_mention_of_the_window_joins_and_at_no_more(
    edge: str, url: str
) -> None:
    async def scene(database: Database) -> tuple[bool, str]:
        await handled(database, [SESSION])
        await database.write(mention, a_record(1, at=NOON + EDGES[edge]))
        looked_at = bool(await database.read(joinable, RULES, NOON + DAY))
        await database.write(reconsider, ["stripe:cs_1"], RULES, NOON + DAY)
        return looked_at, (await database.read(credit))[0]

    within = edge.startswith("where")
    assert play(url, scene) == (within, "attributed" if within else "organic")


def test_only_what_a_mention_joins_is_looked_at_again(url: str) -> None:
    """Mentions after the purchase, before its window, or of somebody else join nothing."""
    others = [
        a_record(3, at=NOON + timedelta(minutes=2)),
        a_record(4, at=NOON - 15 * DAY),
        a_record(5, at=NOON - DAY, user="bea"),
    ]

    async def scene(database: Database) -> list[Any]:
        await handled(database, [SESSION])
        await database.write(mention, *others)
        found = [await database.read(joinable, RULES, NOON + DAY)]
        await database.write(mention, SOON)
        return [*found, await database.read(joinable, RULES, NOON + DAY)]

    assert play(url, scene) == [[], ["stripe:cs_1"]]


def looked_at(connection: Connection) -> bool:
    found = {*joinable(connection, RULES, NOON + DAY), *awaited.named_now(connection)}
    assert found <= {"stripe:cs_1"}
    return bool(found)


def of_course(record: Any) -> Any:
    return replace(record, decision=replace(record.decision, offer="course"))


@dataclass(frozen=True)
class Join:
    """A purchase, the mention before it, what became of it, and the mention that comes late."""

    named: dict[str, Any]
    late: Any
    before: Any = None
    kept: bool = False
    told_more: bool = False
    joins: bool = False


ITS_ID = {"metadata": {"tay_escalation_id": str(SOON.id)}}
JOINS = {
    "a cross-sale, by an earlier mention of what was sold": Join(
        {"payment_link": "plink_course", **BUYER}, of_course(FIRST), before=SOON, joins=True
    ),
    "a sale, by another offer": Join(BUYER, of_course(SOON), before=FIRST),
    "a sale that a token names": Join({"client_reference_id": TOKEN}, SOON, before=FIRST),
    "a mention that is named": Join(ITS_ID, SOON, joins=True),
    "credit that stays": Join(BUYER, SOON, kept=True),
    "a named mention, and credit that stays": Join(ITS_ID, SOON, kept=True),
    "the same, and more is told": Join(ITS_ID, SOON, kept=True, told_more=True),
}


@pytest.mark.parametrize("name", JOINS)
def test_a_late_mention_joins_what_it_may_change(name: str, url: str) -> None:
    join = JOINS[name]

    async def scene(database: Database) -> list[bool]:
        if join.before is not None:
            await database.write(arrives, join.before, TOKEN)
        await handled(database, [d.session("s1", 0, **join.named)])
        if join.kept:
            await database.write(keep_credit, NOON + DAY, FIRST.id)
        if join.told_more:
            await handled(database, [d.intent()])
        found = [await database.read(looked_at)]
        await database.write(mention, join.late)
        return [*found, await database.read(looked_at)]

    assert play(url, scene) == [False, join.joins]


def _sold(number: int) -> Fact:
    data = {
        "purchase_id": f"o{number}",
        "amount": "49",
        "currency": "usd",
        "occurred_at": d.at(number),
        "user_id": "ada",
    }
    payload = Part({"type": "purchase.paid", "data": data})
    (fact,) = generic.GenericReader("standard")("", f"m{number}", payload, d.KEY_OF).facts or ()
    return fact


def clicked(connection: Connection, record: Any) -> None:
    mention(connection, record)
    note_click(connection, record.id, key(), NOON - timedelta(hours=1, minutes=30))


def test_upkeep_writes_in_small_pieces_and_nothing_twice(tmp_path: Path) -> None:
    """Also where credit goes to a click, and later mentions of the offer have none."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)

    class Counting(Database):
        sizes: list[int] = []  # noqa: RUF012 - of one test

        async def write(self, function: Any, *args: Any, **kwargs: Any) -> Any:
            found = await super().write(function, *args, **kwargs)
            if function.__name__ == "reconsider":
                self.sizes.append(len(args[0]))
            return found

    async def scene(database: Database) -> list[list[int]]:
        await database.write(settle, [_sold(n) for n in range(25)], Rules(), NOON)
        counting, found = Counting(url), []
        for arrive, record in ((clicked, FIRST), (mention, SOON)):
            await worker(counting, NOON + DAY).upkeep()
            found.append(list(counting.sizes))
            await database.write(arrive, record)
        assert len(await database.read(joinable, Rules(), NOON + DAY)) == 25
        await worker(counting, NOON + DAY).upkeep()
        await worker(counting, NOON + DAY).upkeep()
        await counting.aclose()
        return [*found, list(counting.sizes)]

    assert play(url, scene) == [[], [BATCH, BATCH, 5], [BATCH, BATCH, 5]]
