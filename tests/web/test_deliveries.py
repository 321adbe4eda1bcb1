"""Deliveries of every kind, genuine and not: a clear status each, and nothing that was not said."""

import base64
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.payments import deliveries as d
from tests.web.stage import LIST, SHOPIFY_SECRET, STANDARD_SECRET, Site

STRIPE = "/webhooks/payment"
STANDARD = "/webhooks/payment/standard"


def rows(site: Site, statement: str) -> list[Any]:
    connection = sqlite3.connect(site.home / "tay.db")
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


@pytest.fixture(autouse=True)
def _nothing_converted(site: Site, admin: dict[str, str]) -> Iterator[None]:
    yield
    site.settled()
    assert site.get(LIST, admin, converted_only=True)["items"] == []
    assert "Traceback" not in site.log()


def fresh(payload: dict[str, Any]) -> dict[str, Any]:
    return payload | {"created": int(datetime.now(UTC).timestamp())}


BODY = d.body_of(d.session("bad", id="cs_bad", payment_intent="pi_bad"))
CHANGED = BODY.replace(b"4900", b"4901")
OTHER = "whsec_other"


def _in(**units: int) -> datetime:
    return datetime.now(UTC) + timedelta(**units)


Signing = Callable[[bytes], dict[str, str]]


def _now(body: bytes) -> dict[str, str]:
    return d.signed(body)


def _with(signature: str) -> Signing:
    return lambda _body: {"stripe-signature": signature}


@pytest.mark.parametrize(
    ("sign", "body", "status", "said"),
    [
        (lambda body: d.signed(body, secret=OTHER), BODY, 401, "no signature matches"),
        (lambda body: d.signed(body, now=_in(hours=-1)), BODY, 401, "too old"),
        (lambda body: d.signed(body, now=_in(hours=1)), BODY, 401, "of the future"),
        (lambda _body: d.signed(BODY), CHANGED, 401, "no signature matches"),
        (lambda _body: {}, BODY, 401, "is missing"),
        (_with("t=1"), BODY, 401, "cannot be read"),
        (_with("\xff garbage ,,=="), BODY, 401, "cannot be read"),
        (_with("t=" + "9" * 400 + ",v1=00"), BODY, 401, "cannot be read"),
        (_with("t=\u0661,v1=zz"), BODY, 401, "cannot be read"),
        (_now, b"\xff\xfe{}", 400, "no JSON in UTF-8"),
        (_now, b"[" * 9000, 400, "no JSON"),
        (_now, b"[1]", 400, "no JSON object"),
        (_now, b"{}", 400, "id is missing"),
        (_now, b"", 400, "no JSON"),
    ],
)
def test_what_is_not_genuine_or_not_readable_is_refused(
    site: Site, sign: Signing, body: bytes, status: int, said: str
) -> None:
    before = rows(site, "SELECT count(*) FROM webhook_events")
    raw = [(name.encode(), value.encode("utf-8")) for name, value in sign(body).items()]
    answer = site.client.post(STRIPE, content=body, headers=raw)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert rows(site, "SELECT count(*) FROM webhook_events") == before


def test_ten_megabytes_are_too_much_announced_or_not(site: Site) -> None:
    body = b"x" * 10_000_000
    assert site.client.post(STRIPE, content=body, headers=d.signed(body)).status_code == 413
    pieces = (body[:100_000] for _ in range(20))
    assert site.client.post(STRIPE, content=pieces).status_code == 413


@pytest.mark.parametrize(
    ("payload", "fate"),
    [
        (d.event("unknown", "customer.created", id="cus_1"), ("ignored", None)),
        (d.session("t1", live=False) | {"livemode": False}, ("other_mode", None)),
        (d.session("t2", id="cs_t2", currency="zzz"), (None, "unknown currency 'zzz'")),
        (d.session("t3", id="cs_t3", amount_total=-1), (None, "the amount is negative")),
        (d.session("t4", id="cs_t4", amount_total=49.5), (None, "not a whole number")),
        (d.session("t5", id="cs_t5", amount_total=10**20), (None, "too large")),
        (d.session("t6", id=7 * ["x"]), (None, "id is not a text")),
        (d.event("t7", "charge.refunded"), (None, "id is missing")),
        (d.event("t8", "checkout.session.completed") | {"data": []}, (None, "not an object")),
    ],
)
def test_what_is_genuine_and_means_nothing_is_kept_and_counts_for_nothing(
    site: Site, payload: dict[str, Any], fate: tuple[str | None, str | None]
) -> None:
    answer = site.deliver(fresh(payload))
    assert (answer.status_code, answer.json()) == (200, {"status": "stored"})
    site.settled()
    statement = f"SELECT outcome, error FROM webhook_events WHERE external_id = '{payload['id']}'"  # noqa: S608 - of tests
    ((outcome, error),) = rows(site, statement)
    assert outcome == fate[0]
    assert (fate[1] or "") in (error or "")
    assert rows(site, "SELECT count(*) FROM conversions WHERE provider = 'stripe'") == [(0,)]


def test_the_dead_are_listed_shown_and_replayed(site: Site) -> None:
    site.deliver(fresh(d.session("dead", id="cs_dead", currency="zzz")))
    site.settled()
    line = next(
        line
        for line in site.tay("webhooks", "list", "--state", "dead").stdout.splitlines()
        if "unknown currency" in line
    )
    shown = json.loads(site.tay("webhooks", "show", line.split()[0]).stdout)
    assert "zzz" in shown["body"]
    assert "stripe-signature" in shown["headers"]
    replayed = site.tay("webhooks", "replay", line.split()[0])
    assert replayed.stdout == "1 delivery will be handled again\n"
    site.settled()
    assert "unknown currency" in site.tay("webhooks", "list", "--state", "dead").stdout
    missing = site.tay("webhooks", "show", "00000000-0000-7000-8000-000000000000")
    assert (missing.returncode, missing.stderr) == (1, "tay: no delivery has this id\n")


def standard(payload: dict[str, Any], name: str = "msg_1") -> tuple[bytes, dict[str, str]]:
    body, now = d.body_of(payload), datetime.now(UTC)
    signature = Webhook(STANDARD_SECRET).sign(name, now, body.decode())
    stamp = str(int(now.timestamp()))
    return body, {
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v2,x {signature}",
    }


GENERIC = {
    "type": "purchase.paid",
    "data": {
        "purchase_id": "o-1",
        "amount": "49.00",
        "currency": "USD",
        "occurred_at": "2026-03-02T12:00:00Z",
        "user_id": "nobody",
    },
}


def test_standard_webhooks_are_taken_as_their_own_library_signs_them(
    site: Site, admin: dict[str, str]
) -> None:
    body, headers = standard(GENERIC)
    for _ in range(2):
        assert site.client.post(STANDARD, content=body, headers=headers).status_code == 200
    site.settled()
    (found,) = site.get("/api/v1/admin/purchases", admin, kind="organic")["items"]
    assert (found["provider"], found["money"]["amount"]) == ("standard", "49.00")


def test_a_name_that_is_used_for_another_delivery_is_refused_and_said_anew_is_known(
    site: Site,
) -> None:
    def sent(payload: dict[str, Any], body: Callable[[Any], bytes] = d.body_of) -> Any:
        _, headers = standard(payload, "used_again")
        raw, now = body(payload), datetime.now(UTC)
        signature = Webhook(STANDARD_SECRET).sign("used_again", now, raw.decode())
        stamp = str(int(now.timestamp()))
        headers |= {"webhook-timestamp": stamp, "webhook-signature": signature}
        return site.client.post(STANDARD, content=raw, headers=headers)

    back = GENERIC | {"type": "purchase.refunded"}
    assert sent(GENERIC).status_code == 200
    assert sent(back).status_code == 409
    assert sent(back).json()["detail"] == "this webhook-id was used for another delivery"
    spaced = sent(GENERIC, lambda payload: json.dumps(payload, indent=2).encode())
    assert spaced.status_code == 200
    found = "SELECT kind FROM webhook_events WHERE external_id = 'used_again'"
    assert rows(site, found) == [("purchase.paid",)]


def test_a_provider_that_numbers_its_own_deliveries_is_believed_and_what_differs_is_told(
    site: Site,
) -> None:
    payload = fresh(d.event("again", "customer.created", id="cus_1"))
    for change in ({}, {"pending_webhooks": 2}):
        assert site.deliver(payload | change).status_code == 200
    assert "evt_again" not in site.log()
    assert site.deliver(payload | {"data": {"object": {"id": "cus_2"}}}).status_code == 200
    assert "delivery evt_again of stripe came again and says something else" in site.log()


def test_the_list_of_purchases_goes_on_from_its_cursor_as_it_was_given(
    site: Site, admin: dict[str, str]
) -> None:
    for number in range(3):
        data = GENERIC["data"] | {"purchase_id": f"page-{number}"}  # type: ignore[operator]  # it is one
        body, headers = standard(GENERIC | {"data": data}, f"page_{number}")
        assert site.client.post(STANDARD, content=body, headers=headers).status_code == 200
    site.settled()
    path, seen = "/api/v1/admin/purchases?limit=1", []
    page = site.client.get(path, headers=admin).json()
    while page["next_cursor"] is not None:
        seen += [one["id"] for one in page["items"]]
        page = site.client.get(f"{path}&cursor={page['next_cursor']}", headers=admin).json()
    seen += [one["id"] for one in page["items"]]
    whole = site.get("/api/v1/admin/purchases", admin, limit=500)["items"]
    assert seen == [one["id"] for one in whole]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": "-1"}, "negative"),
        ({"amount": "1.234"}, "more than the 2 decimals"),
        ({"amount": None}, "no number"),
        ({"currency": "doge"}, "unknown currency"),
        ({"occurred_at": "2026-03-02T12:00:00"}, "no time zone"),
        ({"purchase_id": None}, "purchase_id is missing"),
        ({"offer": "corse"}, "no offer 'corse'"),
        ({"userid": "u1"}, "data has no field 'userid': is user_id meant?"),
        ({"zzz": 1}, "data has no field 'zzz': there are purchase_id, payment_id,"),
        ({"escalation_id": "not-an-id"}, "escalation_id is no id of a mention: 'not-an-id'"),
        ({"purchase_id": " "}, "purchase_id is missing"),
        ({"occurred_at": _in(hours=37).isoformat()}, "occurred_at is in the future"),
    ],
)
def test_whoever_builds_a_delivery_by_hand_is_told_what_is_wrong(
    site: Site, change: dict[str, Any], said: str
) -> None:
    body, headers = standard(GENERIC | {"data": GENERIC["data"] | change}, "msg_2")  # type: ignore[operator]  # it is one
    answer = site.client.post(STANDARD, content=body, headers=headers)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_shopify_is_taken_by_its_own_scheme(site: Site, admin: dict[str, str]) -> None:
    order = {
        "id": 17,
        "total_price": "49.00",
        "currency": "EUR",
        "created_at": "2026-03-02T12:00:00+01:00",
        "customer": {"id": 3, "email": "a@b.example"},
        "note_attributes": [{"name": "tay_user_id", "value": "nobody"}],
        "line_items": [{"product_id": 5}],
    }
    body = d.body_of(order)
    digest = hmac.new(SHOPIFY_SECRET.encode(), body, hashlib.sha256).digest()
    headers = {
        "x-shopify-hmac-sha256": base64.b64encode(digest).decode(),
        "x-shopify-webhook-id": "w1",
        "x-shopify-topic": "orders/paid",
    }
    path = "/webhooks/payment/shopify"
    assert site.client.post(path, content=body, headers=headers).status_code == 200
    assert site.client.post(path, content=body + b" ", headers=headers).status_code == 401
    site.settled()
    found = site.get("/api/v1/admin/purchases", admin, kind="organic")["items"]
    assert "shopify" in {one["provider"] for one in found}


@pytest.mark.parametrize("path", ["paddle", "import", "..", "%00"])
def test_a_provider_that_is_off_is_not_there(site: Site, path: str) -> None:
    answer = site.client.post(f"/webhooks/payment/{path}", content=b"{}", headers=d.signed(b"{}"))
    assert answer.status_code == 404
