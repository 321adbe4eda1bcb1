"""A person is erased over HTTP as from a terminal, on each database."""

import json
from typing import Any
from urllib.parse import quote

from tay_middleware.storage import Database
from tay_middleware.storage.desk import audit
from tests.databases import play
from tests.web.stage import LIST, NEED, Site

SHE = "ada/1 & söhne?"
USERS = "/api/v1/admin/users"


def asked(site: Site, user: str) -> None:
    site.ask(NEED, user)
    if "TAY_REDIS_URL" in site.settings:
        assert site.tay("drain", "--once").returncode == 0


def erasures(site: Site) -> list[tuple[str, str | None, Any]]:
    """The rows of the audit log."""

    async def reading(database: Database) -> list[tuple[str, str | None, Any]]:
        rows = await database.read(audit.page, action="erase", limit=10)
        return [(row.via, row.subject, row.detail) for row in rows]

    return play(site.loaded().resolved_database_url, reading)


def test_who_is_erased_is_in_no_row_no_history_and_no_word_of_the_audit_log(either: Site) -> None:
    asked(either, SHE)
    asked(either, "bea")
    admin, eraser = either.token("read", "write", "export"), either.token("erase")
    path = f"{USERS}/{quote(SHE, safe='')}"
    assert either.client.delete(path, headers=admin).status_code == 403
    assert either.client.delete(path).status_code == 401
    done = either.client.delete(path, headers=eraser)
    assert (done.status_code, done.json()) == (200, {"rows": 2, "spooled": 0})
    again = either.client.delete(path, headers=eraser)
    assert (again.status_code, again.json()) == (200, {"rows": 0, "spooled": 0})
    items = either.get(LIST, admin)["items"]
    assert [item["user_id"] for item in items] == ["bea", None]
    kept = json.loads(either.tay("users", "export", SHE).stdout)
    assert not any(kept[name] for name in ("question_logs", "escalation_logs", "exposures"))
    assert all(not one["turns"] for one in kept.get("history", ()))
    assert erasures(either) == [("api", None, {})] * 2


def test_a_session_without_a_user_is_erased_by_its_own_id_and_nobody_by_an_empty_one(
    site: Site, admin: dict[str, str]
) -> None:
    site.ask(NEED, "")
    for path, rows in (("s1", 0), ("s1?session=true", 2)):
        done = site.client.delete(f"{USERS}/{path}", headers=admin)
        assert (done.status_code, done.json()["rows"]) == (200, rows)
    for path in ("", "%20"):
        refused = site.client.delete(f"{USERS}/{path}", headers=admin)
        assert (refused.status_code, refused.json()["detail"]) == (
            422,
            "path.user_id: an empty id is nobody's",
        )
