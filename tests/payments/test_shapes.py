"""Deliveries of any shape: understood, or refused by name; nothing stops those behind them."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tay_middleware.errors import PayloadError
from tay_middleware.payments.outcomes import understood
from tay_middleware.payments.reading import Part
from tay_middleware.payments.terms import Terms
from tests.payments import deliveries as d

TERMS = Terms(rules=d.RULES, key_of=d.KEY_OF)


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1999-12-31T23:59:59Z", 0]
)
def test_a_time_that_no_window_fits_around_is_refused(at: str | int) -> None:
    with pytest.raises(PayloadError, match="between the years 2000 and 2100"):
        Part({"occurred_at": at}).moment("occurred_at")


@pytest.mark.parametrize("odd", ["undefined", "", 0, None])
def test_a_token_in_the_metadata_never_displaces_that_of_the_link(odd: object) -> None:
    for metadata in ({"tay_token": odd}, {"tay_token": "b" * 22}):
        (fact,) = d.facts(d.session(client_reference_id="a" * 22, metadata=metadata))
        assert fact.evidence.token == "a" * 22
        assert fact.evidence.metadata_token in (None, "b" * 22)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_shape_of_a_delivery_is_odd_enough_to_stop_the_worker(data: st.DataObject) -> None:
    payload = json.loads(json.dumps(data.draw(st.sampled_from([d.SUBSCRIPTION[1], *d.WON]))))
    path = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=4))
    odd = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=4,
    )
    place = payload
    for step in path:
        key = sorted(place)[step % len(place)]
        if not isinstance(place[key], dict) or not place[key]:
            break
        place = place[key]
    place[sorted(place)[path[-1] % len(place)]] = data.draw(odd)
    row = SimpleNamespace(
        provider="stripe", kind="x", external_id="evt_1", body=json.dumps(payload).encode()
    )
    try:
        said, _ = understood(row, TERMS)
    except PayloadError as error:
        said = str(error)
    assert "of a shape that is not known" not in said
