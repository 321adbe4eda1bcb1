"""Whole histories of several purchases and people, settled in any order and in any pieces.

`SHUFFLES=2000 pytest tests/payments/test_circle.py` plays more of them than the default.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.pool import StaticPool

from tay_middleware.payments.attribution import Known, direct_users
from tay_middleware.payments.facts import Evidence, Fact, Said
from tay_middleware.payments.settle import settle
from tay_middleware.storage.payments.tables import conversions
from tay_middleware.storage.sql import escalation_logs, metadata
from tests.builders import NOON
from tests.payments import deliveries as d
from tests.payments.test_purchases import STORIES
from tests.payments.test_settle import LATER, mention, standing
from tests.storage.records import a_record
from tests.uncounted import at_scale

SHUFFLES = int(os.environ.get("SHUFFLES", "80"))
MENTIONS = [
    a_record(1, at=NOON - timedelta(days=1)),
    a_record(2, user="bea", at=NOON - timedelta(days=2)),
    a_record(3, user="bea", at=NOON - timedelta(hours=1)),
]
NUMBERED = ("cs_", "pi_", "ch_", "in_", "sub_", "re_", "dp_", "evt_", "inpay_")


@pytest.fixture
def tables() -> Iterator[Connection]:
    """A database in memory with the three mentions."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as connection:
        mention(connection, *MENTIONS)
        yield connection
    engine.dispose()


def wipe(connection: Connection) -> None:
    for table in ("conversions", "payment_facts", "payment_keys"):
        connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - our own names
    connection.execute(escalation_logs.update().values(converted=False, converted_at=None))


def renamed(value: Any, end: str) -> Any:
    """The same payload as another purchase's: every id gets an end of its own."""
    if isinstance(value, dict):
        return {name: renamed(part, end) for name, part in value.items()}
    if isinstance(value, str) and value.startswith(NUMBERED):
        return value + end
    return value


def history(random: Random) -> list[Fact]:
    """Some purchases; a customer, an address, a name in metadata or in a reference now and then."""
    found: list[Fact] = []
    for number in range(random.randrange(2, 6)):
        story = STORIES[random.choice(sorted(STORIES))]
        events = [renamed(one, f"_{number}") for one in story]
        for one in events:
            body = one["data"]["object"]
            if "customer" in body:
                body["customer"] = random.choice(["cus_a", "cus_b", None])
            if random.random() < 0.4:
                body["receipt_email"] = random.choice(["x@y.example", "z@y.example"])
            if random.random() < 0.15:
                body["metadata"] = {"tay_user_id": random.choice(["ada", "bea", "cleo"])}
            if random.random() < 0.15:
                body["client_reference_id"] = random.choice(["ada", "bea", "nobody"])
        found += d.facts(*events)
    return found


def in_pieces(connection: Connection, facts: list[Fact], random: Random) -> None:
    """Settle a shuffled history with repetitions, piece by piece."""
    rest = facts + random.choices(facts, k=random.randrange(4))
    random.shuffle(rest)
    while rest:
        size = random.randrange(1, 6)
        settle(connection, rest[:size], d.RULES, LATER)
        rest = rest[size:]


@at_scale
def test_a_history_comes_to_one_state_in_any_order_and_in_any_pieces(tables: Connection) -> None:
    kinds: set[str] = set()
    methods: set[str | None] = set()
    for number in range(SHUFFLES):
        random = Random(number)
        facts = history(random)
        wipe(tables)
        in_pieces(tables, facts, random)
        piecemeal = standing(tables)
        settle(tables, facts, d.RULES, LATER)
        assert standing(tables) == piecemeal, f"seed {number}: making all again changes something"
        wipe(tables)
        settle(tables, facts, d.RULES, LATER)
        assert standing(tables) == piecemeal, f"seed {number}: the order says something"
        columns = select(conversions.c.kind, conversions.c.method)
        for kind, method in tables.execute(columns):
            kinds.add(kind)
            methods.add(method)
    assert kinds == {"attributed", "organic", "unmatched", "ambiguous", "earlier"}
    assert methods >= {"metadata", "reference", "customer", "email", None}


@pytest.mark.parametrize("buyer", [{"metadata": {"tay_user_id": "ada"}}, {}])
def test_only_what_comes_is_made_again_however_much_the_customer_has_bought(
    buyer: dict[str, Any], tables: Connection
) -> None:
    facts = d.facts(
        *(d.session(f"s{n}", n, id=f"cs_{n}", payment_intent=f"pi_{n}", **buyer) for n in range(60))
    )
    assert [len(settle(tables, [fact], d.RULES, LATER)) for fact in facts] == 60 * [1]


def test_a_trial_that_is_paid_long_after_the_mention_is_credited_to_it(
    tables: Connection,
) -> None:
    trial = d.session(
        payment_status="no_payment_required",
        amount_total=0,
        subscription="sub_1",
        metadata={"tay_user_id": "ada"},
    )
    paid = d.invoice("i2", 2, 20 * 86_400, reason="subscription_cycle")
    settle(tables, d.facts(trial, paid), d.RULES, LATER)
    (sale,) = tables.execute(select(conversions)).all()
    assert (sale.kind, sale.status) == ("attributed", "paid")
    assert (sale.escalation_id, sale.begun_at) == (MENTIONS[0].id, NOON)


def test_the_last_word_of_an_admin_is_lent_and_none_before_it(tables: Connection) -> None:
    first, second = (
        d.facts(d.session(f"s{n}", n, id=f"cs_{n}", payment_intent=f"pi_{n}")) for n in (1, 2)
    )

    def said(number: int, **word: Any) -> list[tuple[Any, Any]]:
        fact = Fact(
            id=f"admin:{number}",
            provider="admin",
            said=Said.ASSIGNED,
            at=NOON + timedelta(seconds=number),
            keys=frozenset(),
            series="stripe:cs_1",
            evidence=Evidence(by_hand=True, **word),
        )
        settle(tables, [fact], d.RULES, LATER)
        columns = conversions.c
        rows = select(columns.user_key, columns.method).order_by(columns.purchase_key)
        return [(row.user_key, row.method) for row in tables.execute(rows)]

    settle(tables, [*first, *second], d.RULES, LATER)
    assert said(1, user_key="wrong") == [("wrong", "by_hand"), ("wrong", "customer")]
    assert said(2, user_key="right") == [("right", "by_hand"), ("right", "customer")]
    assert said(3, dismissed=True) == [(None, "by_hand"), (None, None)]


def test_a_word_is_not_lent_by_a_purchase_whose_evidence_names_another() -> None:
    evidence = [Evidence(user_key="ada"), Evidence(user_key="bea", by_hand=True)]
    (fact,) = d.facts(d.session())
    facts = [replace(fact, id=str(number), evidence=one) for number, one in enumerate(evidence)]
    assert direct_users(facts, Known()) == {"ada"}


def test_a_late_name_reaches_the_purchases_that_only_hinted_at_it(tables: Connection) -> None:
    facts = d.facts(
        *(d.session(f"s{n}", n, id=f"cs_{n}", payment_intent=f"pi_{n}") for n in range(3)),
        d.session("last", 9, id="cs_9", payment_intent="pi_9", metadata={"tay_user_id": "ada"}),
    )
    settle(tables, facts[:3], d.RULES, LATER)
    settle(tables, facts[3:], d.RULES, LATER)
    methods = tables.execute(select(conversions.c.method)).scalars().all()
    assert sorted(methods) == ["customer", "customer", "customer", "metadata"]
