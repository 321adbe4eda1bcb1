"""From a question to a sale and back, over real HTTP, on SQLite and on PostgreSQL."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

from tay_middleware.identities import user_key
from tay_middleware.storage import open_store_of
from tests.payments import deliveries as d
from tests.web.stage import BROWSER, LIST, WISH, Site

LINK = re.compile(r"/r/mentorship/[A-Za-z0-9_-]{22}")


def now(payload: dict[str, Any], after: float = 0) -> dict[str, Any]:
    """A delivery whose time is the test's."""
    return payload | {"created": int(datetime.now(UTC).timestamp() + after)}


def asked(site: Site) -> str:
    """One user asks and is shown a mention; the path of its link."""
    found = LINK.search(site.ask(WISH, "ada"))
    assert found is not None
    if "TAY_REDIS_URL" in site.settings:
        assert site.tay("drain", "--once").returncode == 0
    return found.group(0)


def test_a_question_leads_to_a_sale_which_is_refunded_disputed_lost_and_won(either: Site) -> None:
    link = asked(either)
    admin = either.token("read")
    clicked = either.client.get(link, headers=BROWSER)
    assert clicked.status_code == 302
    assert clicked.headers["cache-control"] == "no-store"
    target = clicked.headers["location"]
    assert target.startswith("https://tay.example/mentorship?utm_source=tay")
    reference = target.rpartition("client_reference_id=")[2]

    def one() -> Any:
        either.settled()
        (item,) = either.get(LIST, admin)["items"]
        return item

    before = one()
    assert (before["converted"], before["clicked_at"] is not None) == (False, True)
    paid = now(d.session(client_reference_id=reference), 1)
    assert either.deliver(paid).status_code == 200
    assert either.deliver(paid).status_code == 200
    either.deliver(now(d.intent(), 1))
    sold = one()
    assert (sold["converted"], sold["converted_by"]) == (True, "provider")
    assert (sold["amount"], sold["currency"]) == ("49.00", "usd")
    assert 0 <= sold["time_to_conversion_seconds"] < 120
    assert sold["purchase"]["method"] == "token"
    assert sold["purchase"]["confidence"] == 100
    figures = either.get(f"{LIST}/stats", admin, period_days=30)
    assert figures["conversion_rate"] == 100.0
    assert [row["net"] for row in figures["revenue"]] == ["49.00"]

    for payload, status, converted, net in (
        (d.refunded("r1", 100, 1000), "partially_refunded", True, "39.00"),
        (d.dispute("d1", "charge.dispute.created", 0, "needs_response"), "disputed", True, "39.00"),
        (d.dispute("d2", "charge.dispute.closed", 0, "lost"), "dispute_lost", False, "0.00"),
        (d.dispute("d3", "charge.dispute.closed", 0, "won"), "partially_refunded", True, "39.00"),
    ):
        assert either.deliver(now(payload, 2)).status_code == 200
        item = one()
        purchase = item["purchase"]
        assert (purchase["status"], item["converted"], purchase["money"]["net"]) == (
            status,
            converted,
            net,
        )
    (purchase,) = either.get("/api/v1/admin/purchases", admin)["items"]
    assert (purchase["kind"], purchase["payments"]) == ("attributed", 1)
    assert purchase["references"] == ["ch_1", "cs_1", "pi_1"]
    credited = either.get("/api/v1/admin/purchases/stats", admin)
    assert (credited["kinds"], credited["organic_share"]) == ({"attributed": 1}, 0.0)
    assert credited["last_touch"] == credited["first_touch"]
    assert credited["last_touch"][0] == {
        "offer": "mentorship",
        "template": sold["template"],
        "currency": "usd",
        "purchases": 1,
        "net": "39.00",
        "lifetime": "39.00",
    }


def test_an_unmatched_purchase_is_given_to_a_user_by_an_admin(either: Site) -> None:
    asked(either)
    admin = either.token("read", "write")
    either.deliver(now(d.session(customer=None), 1))
    either.settled()
    unmatched = either.get("/api/v1/admin/purchases", admin, kind="unmatched")["items"]
    assert unmatched[0]["references"] == ["cs_1", "pi_1"]
    path = f"/api/v1/admin/purchases/{unmatched[0]['id']}/assignment"
    misspelt = either.client.post(path, headers=admin, json={"user_id": "adda"})
    assert (misspelt.status_code, "never seen" in misspelt.text) == (404, True)
    forced = either.client.post(path, headers=admin, json={"user_id": "adda", "force": True})
    assert (forced.status_code, forced.json()["kind"]) == (200, "organic")
    given = either.client.post(path, headers=admin, json={"user_id": "ada"})
    assert given.status_code == 200, given.text
    assert (given.json()["kind"], given.json()["method"]) == ("attributed", "by_hand")
    assert either.get(LIST, admin, converted_only=True)["items"][0]["user_id"] == "ada"
    away = either.client.post(path, headers=admin, json={"dismiss": True})
    assert away.json()["kind"] == "dismissed"
    assert either.get(LIST, admin, converted_only=True)["items"] == []


def test_no_word_stands_over_what_a_purchase_itself_says(either: Site) -> None:
    admin = either.token("read", "write")
    either.deliver(now(d.session(metadata={"tay_user_id": "ada"}), 1))
    either.settled()
    (sale,) = either.get("/api/v1/admin/purchases", admin)["items"]
    path = f"/api/v1/admin/purchases/{sale['id']}/assignment"
    assert either.client.post(path, headers=admin, json={"user_id": "bea"}).status_code == 409


def test_a_stop_is_a_decline_that_the_next_turn_hears(either: Site) -> None:
    asked(either)
    admin = either.token("read", "feedback")
    (item,) = either.get(LIST, admin)["items"]
    said = {"escalation_id": item["id"], "helpful": False, "stop": True, "note": "no\u0000, thanks"}
    assert either.client.post("/api/v1/feedback", headers=admin, json=said).status_code == 422
    said["note"] = "no, thanks"
    assert either.client.post("/api/v1/feedback", headers=admin, json=said).status_code == 200
    (item,) = either.get(LIST, admin)["items"]
    assert (item["feedback"]["helpful"], item["feedback"]["stop"]) == (False, True)
    recalled = _recalled(either)
    assert recalled.declined_at is not None
    key = user_key(either.settings["TAY_USER_KEY_SECRET"].encode(), "session:s1")
    # Redis knows a session by its key, so that its id, whatever that is, stands nowhere there.
    assert recalled.declined_session == (key if "TAY_REDIS_URL" in either.settings else "s1")


def test_a_note_is_kept_as_the_setting_says_of_texts(either: Site) -> None:
    asked(either)
    admin = either.token("read", "feedback")
    (item,) = either.get(LIST, admin)["items"]
    said = {"escalation_id": item["id"], "helpful": False, "note": "write to ada@example.com"}
    assert either.client.post("/api/v1/feedback", headers=admin, json=said).status_code == 200
    (item,) = either.get(LIST, admin)["items"]
    assert item["feedback"]["note"] == "write to [email]"


def _recalled(site: Site) -> Any:
    async def recall() -> Any:
        store = open_store_of(site.loaded())
        await store.open()
        key = user_key(site.settings["TAY_USER_KEY_SECRET"].encode(), "user:ada")
        found = await store.recall(key, datetime.now(UTC))
        await store.aclose()
        return found

    return asyncio.run(recall())
