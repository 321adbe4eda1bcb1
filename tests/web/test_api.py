"""The admin API on the embedded default, beyond the commands of the guide (`test_guide`)."""

import csv
import io
import json
import re
import sqlite3
import warnings
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tay_middleware.domain import uuid7
from tay_middleware.settings import load_settings
from tay_middleware.web.app import make_app
from tests.web.stage import BROWSER, LIST, NEED, WISH, Site

NOBODY = "01958a2e-7c00-7000-8000-000000000001"


@pytest.fixture(scope="module")
def mentions(site: Site) -> list[str]:
    """Ids of three mentions, newest first: of ada, of bea, and one whose words bite."""
    site.ask(NEED, "ada")
    site.ask(WISH, "bea")
    site.ask(NEED, '=cmd|"/c calc"!A1', tier="vip")
    token = site.token("read")
    return [item["id"] for item in site.get(LIST, token)["items"]]


def test_a_word_by_hand_carries_an_amount_and_can_be_taken_back(
    site: Site, admin: dict[str, str], mentions: list[str]
) -> None:
    path = f"{LIST}/{mentions[0]}"

    def say(**body: Any) -> Any:
        answer = site.client.patch(path, headers=admin, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    sold = say(converted=True, amount="49.00", currency="USD", note="cash")
    assert (sold["converted"], sold["amount"], sold["currency"]) == (True, "49.00", "usd")
    assert sold["converted_by"] == "admin"
    assert (sold["time_to_conversion_seconds"], sold["marks"][0]["sold_at"]) == (None, None)
    timed = say(converted=True, sold_at=sold["created_at"])
    assert (timed["converted_at"], timed["time_to_conversion_seconds"]) == (sold["created_at"], 0)
    assert say(converted=False)["converted"] is False
    gone = say(converted=None)
    assert (gone["converted"], gone["converted_at"], gone["amount"]) == (False, None, None)
    assert [mark["converted"] for mark in gone["marks"]] == [True, True, False, None]
    assert all(mark["actor"].startswith("token:") for mark in gone["marks"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "body.converted: Field required"),
        ({"converted": "maybe"}, "body.converted"),
        ({"converted": 1}, "body.converted"),
        ({"converted": True, "extra": 1}, "body.extra"),
        ({"converted": True, "amount": "49.00"}, "amount and currency come together"),
        ({"converted": False, "amount": "1", "currency": "usd"}, "needs converted: true"),
        ({"converted": True, "amount": "-1", "currency": "usd"}, "body.amount"),
        ({"converted": None, "sold_at": "2026-03-02T12:00:00Z"}, "sold_at needs converted: true"),
        ({"converted": True, "sold_at": "2026-03-02T12:00:00"}, "body.sold_at"),
        ({"converted": True, "sold_at": "2001-03-02T12:00:00Z"}, "before the mention"),
        ({"converted": True, "sold_at": "2099-03-02T12:00:00Z"}, "is yet to come"),
        ({"converted": True, "amount": "1.001", "currency": "usd"}, "more than the 2 decimals"),
        ({"converted": True, "amount": "1", "currency": "zzz"}, "unknown currency"),
        ("true", "body"),
    ],
)
def test_a_bad_body_is_told_what_is_wrong_with_it(
    site: Site, admin: dict[str, str], mentions: list[str], body: Any, said: str
) -> None:
    answer = site.client.patch(f"{LIST}/{mentions[0]}", headers=admin, json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{LIST}/{NOBODY}", 404),
        (f"{LIST}/17", 422),
        (f"{LIST}?limit=0", 422),
        (f"{LIST}?limit=501", 422),
        (f"{LIST}?cursor=x", 422),
        (f"{LIST}?tier=gold", 422),
        (f"{LIST}?offer=%00", 422),
        (f"{LIST}?offer=", 422),
        (f"{LIST}.csv?offer=bogus", 422),
        (f"{LIST}?since=9999-12-31T23:59:59-14:00", 200),
        (f"{LIST}?since=0001-01-01T00:00:00%2B14:00", 200),
        (f"{LIST}?user_id=%ff%fe", 200),
        (f"{LIST}/stats?period_days=0", 422),
        ("/api/v1/admin/purchases?cursor=x_y", 422),
        ("/api/v1/admin/purchases?kind=odd", 422),
        ("/api/v1/admin/webhooks?state=dead", 200),
        ("/nowhere", 404),
    ],
)
def test_odd_questions_get_a_clear_answer(
    site: Site, admin: dict[str, str], path: str, status: int
) -> None:
    answer = site.client.get(path, headers=admin)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.json()["status"] == status


def test_an_unknown_id_cannot_be_marked(site: Site, admin: dict[str, str]) -> None:
    answer = site.client.patch(f"{LIST}/{NOBODY}", headers=admin, json={"converted": True})
    assert answer.status_code == 404


def test_filters_narrow_and_pages_hold_every_row_once(
    site: Site, admin: dict[str, str], mentions: list[str]
) -> None:
    seen, cursor = [], None
    for _ in mentions:
        given = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = site.get(LIST, admin, **given)
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (mentions, None)

    def ids(**filters: str) -> list[str]:
        return [item["id"] for item in site.get(LIST, admin, **filters)["items"]]

    assert ids(user_id="ada") == [mentions[2]]
    assert ids(tier="vip") == [mentions[0]]
    assert ids(reason="purchase_intent") == [mentions[1]]
    assert ids(strength="direct") == [mentions[1]]
    template = site.get(LIST, admin)["items"][1]["template"]
    assert ids(template=template) == [mentions[1]]
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert (ids(since=soon), ids(until=soon)) == ([], mentions)


@pytest.mark.parametrize("listed", [LIST, f"{LIST}.csv"])
def test_a_filter_that_nothing_can_match_is_refused_by_name(
    site: Site, admin: dict[str, str], mentions: list[str], listed: str
) -> None:
    def told(query: str) -> str:
        answer = site.client.get(f"{listed}?{query}", headers=admin)
        assert answer.status_code == 422, answer.text
        return str(answer.json()["detail"])

    assert told("offer=bogus") == (
        "query.offer: there is no 'bogus', nor any mention of it; "
        "there are mentorship, course, masterclass"
    )
    assert told("ofer=course&limt=3") == (
        "query.ofer: there is no such parameter; query.limt: there is no such parameter"
    )


def test_capitals_in_an_offer_do_not_matter_and_a_retired_one_is_found(
    site: Site, admin: dict[str, str], mentions: list[str]
) -> None:
    def ids(offer: str) -> list[str]:
        return [item["id"] for item in site.get(LIST, admin, offer=offer)["items"]]

    assert ids("Mentorship") == ids(" MENTORSHIP") == ids("mentorship") != []
    retire(site, mentions[0], "retired-offer")
    try:
        assert ids("retired-offer") == ids("Retired-Offer") == [mentions[0]]
    finally:
        retire(site, mentions[0], "mentorship")


def retire(site: Site, mention: str, offer: str) -> None:
    """Let a mention be of an offer, as if the catalogue had had it then."""
    with closing(sqlite3.connect(site.home / "tay.db")) as connection, connection:
        statement = "UPDATE escalation_logs SET offer = ? WHERE id IN (?, ?)"
        connection.execute(statement, (offer, mention, UUID(mention).hex))


def test_one_mention_explains_itself(
    site: Site, admin: dict[str, str], mentions: list[str]
) -> None:
    one = site.get(f"{LIST}/{mentions[2]}", admin)
    groups = {indicator[0] for indicator in one["explanation"]["indicators"]}
    assert "review" in groups
    assert one["explanation"]["detected"] is True
    assert one["purchases"] == []


def test_the_export_holds_no_formula(
    site: Site, admin: dict[str, str], mentions: list[str]
) -> None:
    answer = site.client.get(f"{LIST}.csv", headers=admin)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbfid,")  # or Excel reads cp1252
    found = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["id"] for row in found] == mentions
    assert found[0]["user_id"].startswith("'=cmd")


def test_without_a_token_all_failures_are_one(site: Site, admin: dict[str, str]) -> None:
    right = admin["authorization"]
    answers = {
        site.client.get(LIST, headers=headers).text
        for headers in (
            {},
            {"authorization": "Bearer nonsense"},
            {"authorization": "Basic dGF5OnRheQ=="},
            {"authorization": right[:-1] + ("0" if right[-1] != "0" else "1")},
            {"authorization": f"Bearer tay_{'0' * 12}_{'0' * 64}"},
        )
    }
    assert len(answers) == 1
    assert json.loads(answers.pop())["status"] == 401


def test_a_token_opens_only_its_scopes_until_it_is_revoked(site: Site, mentions: list[str]) -> None:
    reader = site.token("read")
    body = {"converted": True}
    refused = site.client.patch(f"{LIST}/{mentions[0]}", headers=reader, json=body)
    assert (refused.status_code, refused.json()["title"]) == (403, "Not with this token")
    assert site.client.get(f"{LIST}.csv", headers=reader).status_code == 403
    assert site.client.get(LIST, headers=reader).status_code == 200
    token = reader["authorization"].removeprefix("Bearer ")
    assert "read  valid" in site.tay("tokens", "list").stdout
    assert site.tay("tokens", "revoke", token).returncode == 0
    assert site.client.get(LIST, headers=reader).status_code == 401
    assert site.tay("tokens", "revoke", token).returncode == 1


def test_a_link_is_clicked_once_by_people_and_never_by_previews(
    site: Site, admin: dict[str, str]
) -> None:
    path = re.search(r"/r/mentorship/[\w-]{22}", site.ask(WISH, "cleo"))
    assert path is not None

    def clicked_at() -> str | None:
        found: str | None = site.get(LIST, admin, user_id="cleo")["items"][0]["clicked_at"]
        return found

    for agent in ("", "Slackbot-LinkExpanding 1.0", "WhatsApp/2.2", "curl/8"):
        answer = site.client.get(path.group(0), headers={"user-agent": agent})
        assert answer.status_code == 302
    assert site.client.head(path.group(0), headers=BROWSER).status_code == 302
    prefetch = BROWSER | {"sec-purpose": "prefetch"}
    site.client.get(path.group(0), headers=prefetch)
    assert clicked_at() is None
    site.client.get(path.group(0) + "?to=https://evil.example", headers=BROWSER)
    first = clicked_at()
    assert first is not None
    again = site.client.get(path.group(0), headers=BROWSER)
    assert "evil" not in again.headers["location"]
    assert clicked_at() == first


@pytest.mark.parametrize("token", ["x", "A" * 22, "%00" * 7, "../../etc"])
def test_an_unknown_link_leads_nowhere(site: Site, token: str) -> None:
    assert site.client.get(f"/r/{token}", headers=BROWSER).status_code == 404
    assert site.client.get(f"/r/nothing/{token}", headers=BROWSER).status_code == 404


def test_a_link_leads_to_its_offer_before_its_mention_is_known(site: Site) -> None:
    token = "B" * 22
    answer = site.client.get(f"/r/mentorship/{token}", headers=BROWSER)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://tay.example/mentorship?utm_source=tay")
    assert answer.headers["location"].endswith(f"client_reference_id={token}")
    crafted = "https%3A%2F%2Fevil.example"
    assert site.client.get(f"/r/{crafted}/{token}", headers=BROWSER).status_code == 404
    assert site.client.get("/r/mentorship/somebody", headers=BROWSER).status_code == 404


def test_feedback_of_an_unknown_mention_is_refused(site: Site, admin: dict[str, str]) -> None:
    unknown = str(uuid7(datetime.now(UTC), 1))
    for body, status in (
        ({"escalation_id": unknown, "helpful": True}, 404),
        ({"escalation_id": unknown}, 422),
        ({"escalation_id": "x", "helpful": True}, 422),
    ):
        assert site.client.post("/api/v1/feedback", headers=admin, json=body).status_code == status


def test_an_open_address_needs_a_token_first(site: Site, tmp_path: Any) -> None:
    other = Site(tmp_path / "tay")
    refused = other.refused("--host", "0.0.0.0")  # noqa: S104 - refused
    other.client.close()
    assert refused.returncode == 1
    assert "nobody has a token yet" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("TAY_WEBHOOK_SECRETS__STRIP", "whsec_x", "names 'strip': there are stripe, standard"),
        ("TAY_WEBHOOK_SECRETS__STANDARD", "whsec_", "is whsec_ and base64"),
        ("TAY_WEBHOOK_SECRETS__STRIPE", "whsec_x", "_STRIPE: a secret of 1 bytes can be guessed"),
        ("TAY_WEBHOOK_PROVIDER", "paddle", "names 'paddle'"),
    ],
)
def test_a_setting_that_cannot_be_is_told_at_the_start(
    tmp_path: Any, setting: str, value: str, said: str
) -> None:
    other = Site(tmp_path / "tay", **{setting: value})
    refused = other.refused()
    other.client.close()
    assert (refused.returncode, said in refused.stderr) == (1, True)
    assert "Traceback" not in refused.stderr


def test_a_port_that_is_taken_is_told_in_one_sentence(site: Site) -> None:
    refused = site.refused()
    assert refused.returncode == 1
    assert f"tay: cannot serve on 127.0.0.1 port {site.port}" in refused.stderr
    assert "serving on" not in refused.stderr
    said = site.log()
    assert f"serving on {site.url}\ndashboard: {site.url}/dashboard\n" in said
    assert "\nwebhooks: stripe, standard, shopify\n" in said


def test_the_openapi_document_describes_every_problem(site: Site) -> None:
    document = site.client.get("/openapi.json").json()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    listed = document["paths"][LIST]["get"]
    assert set(listed["responses"]) == {"200", "401", "403", "422", "429", "503"}
    assert listed["responses"]["422"]["content"].keys() == {"application/problem+json"}


def test_the_operations_of_the_openapi_document_have_ids_of_their_own(tmp_path: Path) -> None:
    app = make_app(load_settings(home=tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        document = app.openapi()
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))


def test_a_body_of_the_api_has_bounds(site: Site, admin: dict[str, str]) -> None:
    big = {"converted": True, "note": "x" * 100_000}
    assert site.client.patch(f"{LIST}/{NOBODY}", headers=admin, json=big).status_code == 413
