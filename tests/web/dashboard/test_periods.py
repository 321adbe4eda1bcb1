"""The last days are the same whole days wherever figures are of them, and today stands beside."""

import re
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from tay_middleware.analytics.calendar import last_days
from tay_middleware.storage.desk.tokens import Scope
from tests.web.dashboard.stage import MONDAY, Served, text_of

DAYS = 7
THEN = MONDAY - timedelta(days=10)
"""A morning in the midst of the month, so that today has rows as well."""

API = "/api/v1/admin"


@pytest.fixture
def asked(served: Served) -> dict[str, Any]:
    """The answers of the API to "the last seven days", and the page."""
    served.clock.now = THEN
    headers = {"authorization": f"Bearer {served.token(Scope.READ)}"}

    def get(path: str) -> Any:
        answer = httpx.get(
            f"{served.origin}{API}{path}?period_days={DAYS}", headers=headers, timeout=60
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    found = {
        "stats": get("/logs/escalations/stats"),
        "metrics": get("/metrics"),
        "purchases": get("/purchases/stats"),
        "page": served.visitor(Scope.READ).page("/", period=str(DAYS)),
    }
    served.clock.now = MONDAY
    return found


def test_all_figures_of_the_last_days_are_of_the_same_whole_days(asked: dict[str, Any]) -> None:
    stats, metrics = asked["stats"], asked["metrics"]
    period = last_days(DAYS, THEN)
    since, until = period.since.date().isoformat(), period.until.date().isoformat()
    assert (metrics["since"], metrics["until"]) == (since, until)
    for one in (stats, asked["purchases"]):
        assert one["since"][:10] == since
    assert stats["today"]["since"][:10] == until
    (mentions,) = (
        int(one["number"])
        for one in metrics["items"]
        if one["name"] == "mentions" and one["dimension"] is None
    )
    today = stats["today"]
    assert today["escalations"] > 0
    assert stats["total_escalations"] - today["escalations"] == mentions
    assert sum(shown for _, shown in by_day(asked["page"])) == mentions
    assert len(by_day(asked["page"])) == DAYS


def test_the_page_says_which_days_they_are_and_what_today_has_come_to(
    asked: dict[str, Any],
) -> None:
    said, today = text_of(asked["page"]), asked["stats"]["today"]
    assert "6 Nov 2026 to 12 Nov 2026, whole days; today stands beside them." in said
    assert f"Today so far: {today['escalations']} of {today['questions']} questions." in said
    purchases = asked["purchases"]
    assert all(n <= purchases["kinds"][kind] for kind, n in purchases["kinds_today"].items())


def by_day(page: str) -> list[tuple[str, int]]:
    """Days and their mentions, as the table of the chart has them."""
    table = page.partition('aria-label="Mentions by day"')[2].partition("</table>")[0]
    row = r'<th scope="row">([^<]+)</th><td class="n">[\d,]+</td><td class="n">([\d,]+)</td>'
    return [(day, int(shown.replace(",", ""))) for day, shown in re.findall(row, table)]


def test_the_last_days_end_yesterday() -> None:
    found = last_days(1, THEN)
    assert (found.since.date(), found.until.date()) == (date(2026, 11, 12), date(2026, 11, 13))
