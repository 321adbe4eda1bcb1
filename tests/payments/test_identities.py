"""Chat and payments know a user by one key, however the id is written or how long it is."""

import logging
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.engine import Escalator
from tay_middleware.engine.identity import LONG as LONG_ID
from tay_middleware.engine.identity import make_turn
from tay_middleware.engine.telling import tell_once
from tay_middleware.identities import MOST_ID_CHARS, identifier, user_key
from tay_middleware.payments import generic, shopify
from tay_middleware.payments.reading import Part, evidence_of
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import open_store
from tests.builders import NOON, SECRET
from tests.payments import deliveries as d

LONG = "eyJhbGciOiJSUzI1NiJ9." + "a" * MOST_ID_CHARS


def by_chat(user_id: str) -> str | None:
    return make_turn(
        question="q", at=NOON, secret=SECRET, fresh_id=UUID(int=1), user_id=user_id
    ).user_key


IDS = st.one_of(
    st.text(),
    st.builds("".join, st.tuples(st.sampled_from(["", " ", "\n"]), st.text(), st.text())),
    st.text(min_size=MOST_ID_CHARS - 2, max_size=MOST_ID_CHARS + 90),
)


@given(IDS)
def test_chat_and_payments_give_one_key(user_id: str) -> None:
    found = evidence_of(key_of=d.KEY_OF, metadata={"tay_user_id": user_id}, reference=user_id)
    assert found.user_key == found.reference_key == by_chat(user_id)


@given(st.text(max_size=MOST_ID_CHARS))
def test_an_id_that_is_not_long_keeps_the_key_that_it_had(user_id: str) -> None:
    plain = user_id.strip()
    assert by_chat(user_id) == (user_key(SECRET, f"user:{plain}") if plain else None)


@given(st.text(min_size=MOST_ID_CHARS), st.text(min_size=1), st.text(min_size=1))
def test_two_long_ids_with_one_beginning_are_two_users(same: str, one: str, other: str) -> None:
    pair = f"{same}{one}", f"{same}{other}"
    assert (by_chat(pair[0]) == by_chat(pair[1])) == (pair[0].strip() == pair[1].strip())
    assert len(identifier(pair[0]) or "") <= MOST_ID_CHARS


def test_a_purchase_may_name_a_user_by_a_long_id() -> None:
    data: dict[str, Any] = {
        "purchase_id": "o-1",
        "amount": "49.00",
        "currency": "usd",
        "occurred_at": NOON.isoformat(),
        "user_id": LONG,
    }
    read = generic.GenericReader("standard")
    told = read("", "m", Part({"type": "purchase.paid", "data": data}), d.KEY_OF).facts
    order = {
        "id": 17,
        "total_price": "49.00",
        "currency": "EUR",
        "processed_at": NOON.isoformat(),
        "note_attributes": [{"name": "tay_user_id", "value": LONG}],
    }
    sold = shopify.read("orders/paid", "w", Part(order), d.KEY_OF).facts
    assert told is not None
    assert sold is not None
    assert told[0].evidence.user_key == sold[0].evidence.user_key == by_chat(LONG)


def test_an_id_that_may_be_a_token_is_warned_of_once(
    playbook: Playbook, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    url = settings.resolved_database_url
    tell_once.cache_clear()
    engine = Escalator(playbook, lambda: open_store(url, history_turns=5), settings)
    with caplog.at_level(logging.WARNING):
        for user_id in ("u1", LONG, LONG):
            engine.turn(question="q", user_id=user_id)
    engine.close()
    assert [one.getMessage() for one in caplog.records] == [LONG_ID]
