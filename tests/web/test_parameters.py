"""An address that says what nobody reads gets no answer to another question."""

import re
import sqlite3
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest

from tests.web.stage import LIST, NEED, Site

ADMIN = "/api/v1/admin"
SOMETHING = "01958a2e-7c00-7000-8000-000000000001"


@pytest.fixture(scope="module")
def mention(site: Site) -> str:
    """The id of a mention."""
    site.ask(NEED, "ada")
    return str(site.get(LIST, site.token("read"))["items"][0]["id"])


def told(site: Site, admin: dict[str, str], path: str) -> str:
    answer = site.client.get(path, headers=admin)
    assert answer.status_code == 422, f"{path}: {answer.status_code} {answer.text[:200]}"
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


def operations(site: Site) -> list[tuple[str, str, Any]]:
    paths = site.client.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), path.replace("{name}", "x"), operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if path.startswith("/api/")
    ]


def test_every_endpoint_refuses_a_parameter_that_it_does_not_have(
    site: Site, admin: dict[str, str]
) -> None:
    found = operations(site)
    assert len(found) >= 15
    for method, path, operation in found:
        filled = re.sub(r"\{\w+_id\}", SOMETHING, path)
        body: Any = {} if "requestBody" in operation else None
        answer = site.client.request(method, f"{filled}?dayz=7", headers=admin, json=body)
        assert (answer.status_code, answer.json()["detail"]) == (
            422,
            "query.dayz: there is no such parameter",
        ), f"{method} {path}"
        assert "422" in operation["responses"], f"{method} {path}"
        refused = site.client.request(method, f"{filled}?dayz=7", json=body)
        assert refused.status_code == 401, f"{method} {path}"


def test_what_is_said_twice_or_in_two_ways_is_refused(site: Site, admin: dict[str, str]) -> None:
    twice = "it is given more than once"
    assert told(site, admin, f"{LIST}?offer=course&offer=mentorship") == f"query.offer: {twice}"
    assert told(site, admin, f"{LIST}/stats?period_days=7&period_days=30") == (
        f"query.period_days: {twice}"
    )
    both = told(site, admin, f"{ADMIN}/metrics?period=2026-W01&period_days=30")
    assert "give period or period_days, not both" in both


@pytest.mark.parametrize("listed", [LIST, f"{LIST}.csv"])
def test_a_filter_that_can_match_nothing_is_refused(
    site: Site, admin: dict[str, str], listed: str
) -> None:
    day, later = "2026-11-01T00:00:00", "2026-11-02T00:00:00"
    for since, until in ((later, day), (day, day)):
        said = told(site, admin, f"{listed}?since={since}&until={until}")
        assert said.startswith("query.until: it is not after since")
    assert "query.template: there is no 'nope'" in told(site, admin, f"{listed}?template=nope")
    assert told(site, admin, f"{listed}?user_id=") == "query.user_id: an empty id is nobody's"
    assert told(site, admin, f"{listed}?user_id=%20") == "query.user_id: an empty id is nobody's"
    assert "query.provider" in told(site, admin, f"{ADMIN}/webhooks?provider=strip")


def test_a_wording_of_the_playbook_or_of_the_log_is_one_and_an_unknown_user_is_nobody_yet(
    site: Site, admin: dict[str, str], mention: str
) -> None:
    def ids(**asked: str) -> list[str]:
        return [item["id"] for item in site.get(LIST, admin, **asked)["items"]]

    assert ids(template="course.gentle.any.A") == []
    assert ids(user_id="somebody who never came") == []
    with closing(sqlite3.connect(site.home / "tay.db")) as connection, connection:
        statement = "UPDATE escalation_logs SET template = 'gone.A' WHERE id IN (?, ?)"
        connection.execute(statement, (mention, UUID(mention).hex))
    assert ids(template="gone.A") == [mention]
