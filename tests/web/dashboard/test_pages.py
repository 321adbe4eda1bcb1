"""Every page: that it is there, how large it is, what it lets a browser do, what it says."""

import re
import sys
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete

from tay_middleware.analytics import charts
from tay_middleware.payments.signatures import NO_MATCH
from tay_middleware.playbook import shipped
from tay_middleware.settings import Settings
from tay_middleware.storage.desk import turned_away
from tay_middleware.storage.desk.turned_away import Refusal, Times
from tay_middleware.storage.reading import log
from tay_middleware.storage.reading.log import Filter
from tay_middleware.storage.simulations import simulations
from tay_middleware.web import mounting
from tay_middleware.web.dashboard import board, pages, statics
from tests.databases import migrated
from tests.web.dashboard.stage import MONDAY, ROOT, Served, Visitor, copied, settings_of, text_of

PAGES = {
    "Overview": "/",
    "Escalations": "/escalations",
    "Experiments": "/experiments",
    "Playbook": "/playbook",
    "Payments": "/payments",
    "Review": "/review",
    "Week 2026-W45": "/review/2026-W45",
    "Audit log": "/audit",
}
MOST_BYTES = 300_000


def every_path(served: Served) -> list[str]:
    sold = served.ask(log.escalations, Filter(converted_only=True), limit=1)[0]
    views = ("ambiguous", "purchases", "inbox", "waiting", "dead", "events")
    return [
        *PAGES.values(),
        "/?period=90",
        f"/escalations/{sold.id}",
        *(f"/payments?view={view}" for view in views),
    ]


@pytest.mark.parametrize(("title", "path"), PAGES.items())
def test_every_page_says_what_it_is_and_where_one_is(robin: Visitor, title: str, path: str) -> None:
    page = robin.page(path)
    assert f"<title>{title} · Tay</title>" in page
    assert len(re.findall(r"<h1[ >]", page)) == 1
    here = re.findall(r'<a href="([^"]*)" aria-current="page"', page)
    assert here == [f"{ROOT}{path.removesuffix('/2026-W45')}"]


def test_every_page_is_small_even_with_its_charts(served: Served, robin: Visitor) -> None:
    sizes = {path: len(robin.get(path).content) for path in every_path(served)}
    assert {path: size for path, size in sizes.items() if size > MOST_BYTES} == {}
    assert sizes["/"] > 20_000  # charts are in it


def test_every_page_is_labelled_as_simulated_and_so_is_every_row(
    served: Served, robin: Visitor
) -> None:
    for path in every_path(served):
        assert "Simulated. The people" in text_of(robin.page(path)), path
    for path in ("/escalations", "/payments?view=purchases"):
        page = robin.page(path)
        rows = page.partition('<ol class="rows">')[2].split("<li>")[1:]
        assert rows
        assert all(">simulated<" in row for row in rows)
    assert "simulated" in robin.page("/escalations.csv").splitlines()[0]


def test_nothing_is_labelled_that_was_not_simulated(alone: Served) -> None:
    robin = alone.visitor()
    alone.change(lambda tx: tx.execute(delete(simulations)))
    assert "Simulated." not in text_of(robin.page("/review"))


def test_a_page_runs_nothing_of_its_own_and_asks_no_other_host(
    served: Served, robin: Visitor
) -> None:
    for path in every_path(served):
        answer = robin.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.encode() == pages.POLICY
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        page = answer.text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|data:", page), path
        assert re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL) == [
            (f' src="{ROOT}/static/{statics.version()}/tay.js" defer', "")
        ]
        asked = re.findall(r'(?:src|href|action|xlink:href)="([^"]*)"', page)
        assert all(one.startswith((ROOT, "#")) for one in asked), path


def test_what_is_always_the_same_is_kept_by_browsers_under_a_name_that_changes(
    served: Served,
) -> None:
    nobody = Visitor(served)
    for name, kind in (("tay.css", "text/css"), ("tay.js", "text/javascript")):
        answer = nobody.get(f"/static/{statics.version()}/{name}")
        assert answer.headers["content-type"].startswith(kind)
        assert "immutable" in answer.headers["cache-control"]
        older = nobody.get(f"/static/0123/{name}")
        assert older.headers["cache-control"] == "no-cache"
    for name in ("tay.py", "..%2fpages.py", "../pages.py", ""):
        assert nobody.get(f"/static/{statics.version()}/{name}").status_code in {404, 303}


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/nowhere", 404, "Not Found"),
        ("/escalations/17", 404, "no such page"),
        ("/escalations/01958a2e-7c00-7000-8000-000000000001", 404, "no escalation has this id"),
        ("/review/2026-W99", 404, "no such week"),
        ("/review/never", 404, "no such week"),
        ("/review/2026-W50", 404, "has not begun"),
        ("/review/0001-W01", 404, "no such week"),
        ("/playbook/try", 405, "Method Not Allowed"),
    ],
)
def test_an_error_is_a_page_that_says_what_is_wrong(
    robin: Visitor, path: str, status: int, said: str
) -> None:
    answer = robin.get(path)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"].encode() == pages.POLICY
    assert said in text_of(answer.text)
    assert "To the overview" in answer.text


def test_a_bug_of_ours_is_not_shown(alone: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    robin = alone.visitor()

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the secret of the house")

    monkeypatch.setattr("tay_middleware.storage.reading.trends.owed", broken)
    answer = robin.get("/payments")
    assert answer.status_code == 500
    assert "something of ours is wrong" in answer.text
    assert "secret of the house" not in answer.text


def test_a_database_that_is_away_is_told_in_words(alone: Served) -> None:
    robin = alone.visitor()
    for ending in ("", "-wal", "-shm"):
        Path(f"{alone.settings.home}/tay.db{ending}").write_bytes(b"not a database at all" * 500)
    answers = {robin.get(path).status_code for path in ("/", "/escalations", "/audit")}
    assert answers <= {500, 503}
    assert "the database does not answer" in robin.get("/review").text


def test_without_the_extra_for_charts_the_tables_stay(
    served: Served, robin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "is_installed", lambda: False)
    for path, table in (("/", "Mentions by day"), ("/experiments", "Arms of holdout")):
        page = robin.page(path)
        assert 'class="chart' not in page
        assert f'aria-label="{table}"' in page


def test_without_the_extra_for_statistics_experiments_say_how_to_get_it(
    month: Path, alone: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tay_middleware.errors import ConfigurationError  # noqa: PLC0415 - of this test alone

    async def missing(*_: object, **__: object) -> None:
        raise ConfigurationError("experiments need the extra: pip install 'tay-middleware[x]'")

    monkeypatch.setattr(board, "examine", missing)
    robin = alone.visitor()
    desk = _board(alone)
    desk.verdicts.forget()
    robin.page("/experiments")
    for path in ("/experiments", "/"):
        assert "pip install" in robin.page(path)


def _board(served: Served) -> Any:
    return served.dashboard.state.board


def test_without_jinja_the_api_serves_and_the_dashboard_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "tay_middleware.web.dashboard.app", None)
    app = FastAPI()
    assert mounting.mount(app).app is None
    (route,) = (one for one in app.routes if getattr(one, "path", "") == mounting.PATH)
    assert route is not None


def test_on_the_first_day_every_page_says_that_nothing_is_there_yet(
    plain_settings: Settings,
) -> None:
    plain_settings.home.mkdir(parents=True)
    migrated(plain_settings.resolved_database_url)
    served = Served(plain_settings).start()
    try:
        robin = served.visitor()
        for path in (*PAGES.values(), "/escalations.csv", "/payments?view=dead"):
            page = robin.page(path)
            assert "Simulated." not in page
        assert "No mention is like this" in robin.page("/escalations")
        assert "Nothing was asked in the last quarter" in robin.page("/review")
        home = text_of(robin.page("/"))
        assert "too little data" in home
        assert "nan" not in home.lower().replace("finance", "")
        assert "refused" not in home
        refused = Refusal("stripe", NO_MATCH, "the internet")
        times = Times(12, served.clock(), served.clock())
        served.change(turned_away.add, {(served.clock().date(), refused): times})
        assert "12 deliveries of stripe were refused at " in text_of(robin.page("/"))
    finally:
        served.stop()


def test_the_overview_is_narrowed_by_its_address(robin: Visitor) -> None:
    whole = text_of(robin.page("/"))
    week = text_of(robin.page("/", period="7"))
    assert "The last 30 days" in whole
    assert "With nobody held out it would be about" in whole
    assert "in all since there are such, whatever is chosen above" in whole
    assert "The last 7 days" in week
    course = robin.page("/", period="90", offer="course", tier="vip")
    assert "The last 90 days, course, VIP users" in text_of(course)
    assert '<option value="vip" selected>' in course
    offers = course.partition('aria-label="Offers ranked"')[2].partition("</table>")[0]
    assert re.findall(r'<a href="[^"]*">([^<]*)</a>', offers) in ([], ["course"])
    odd = text_of(robin.page("/", period="2026-W47", offer="nonsense", tier="<b>", by="x"))
    assert "The last 30 days; days are of UTC." in odd
    for told in (
        "period: '2026-W47' is none of 7, 30, 90 days; here are 30",
        "offer: there is no 'nonsense', nor any mention of it",
        "tier: there is no '<b>'",
        "by: this page has no such choice",
    ):
        assert told in odd


def test_the_list_is_narrowed_by_its_address_and_pages_lose_and_double_nothing(
    served: Served, robin: Visitor
) -> None:
    for wanted, which in (
        ({}, Filter()),
        ({"offer": "course"}, Filter(offer="course")),
        ({"tier": "premium", "strength": "standard"}, Filter(tier="premium", strength="standard")),
        ({"converted_only": "true"}, Filter(converted_only=True)),
        (
            {"since": "2026-11-01", "until": "2026-11-07"},
            Filter(
                since=MONDAY.replace(day=1, hour=0, minute=0),
                until=MONDAY.replace(day=8, hour=0, minute=0),
            ),
        ),
    ):
        kept = [str(row.id) for row in served.ask(log.escalations, which, limit=1000)]
        assert kept
        assert every_row(robin, f"{ROOT}/escalations?{httpx.QueryParams(wanted)}") == kept


def test_one_users_mentions_are_found_by_the_apps_own_id(served: Served, robin: Visitor) -> None:
    some = served.ask(log.escalations, Filter(), limit=1)[0]
    which = Filter(user_key=some.user_key)
    kept = [str(row.id) for row in served.ask(log.escalations, which, limit=100)]
    path = f"{ROOT}/escalations?{httpx.QueryParams({'user_id': some.user_id})}"
    assert every_row(robin, path) == kept


def every_row(visitor: Visitor, path: str) -> list[str]:
    """The ids of all pages of a list, followed by their links."""
    seen: list[str] = []
    while path:
        page = visitor.client.get(f"{visitor.served.origin}{path}").text
        rows = page.partition('<ol class="rows">')[2]
        seen += re.findall(rf'class="ask"><a href="{ROOT}/escalations/([0-9a-f-]+)"', rows)
        older = re.search(r'<a href="([^"]*)">Older</a>', page)
        path = older[1].replace("&amp;", "&") if older else ""
    return seen


def test_a_mention_tells_its_whole_story(served: Served, robin: Visitor) -> None:
    sold = next(
        row
        for row in served.ask(log.escalations, Filter(converted_only=True), limit=100)
        if row.question
    )
    raw = robin.page(f"/escalations/{sold.id}")
    page = text_of(raw)
    marked = re.findall(r"<mark[^>]*>([^<]*)</mark>", raw)
    assert marked
    assert all(part in sold.question for part in (one.replace("&#39;", "'") for one in marked))
    for part in (sold.template, sold.strength, "No gate closed", "led to a sale", sold.tier):
        assert part in page
    assert " ".join(sold.addition.split()) in page
    assert "paid" in page


def test_a_book_in_a_question_does_not_make_a_book_of_the_page(alone: Served) -> None:
    robin = alone.visitor()
    sold = alone.ask(log.escalations, Filter(), limit=1)[0]
    alone.rewrite(sold.id, question="<&>" * 100_000, user_id="u" * 50_000, session_id="s" * 50_000)
    for path in (f"/escalations/{sold.id}", "/escalations"):
        assert len(robin.get(path).content) < MOST_BYTES
    assert "280,000 more are kept" in text_of(robin.page(f"/escalations/{sold.id}"))


def test_what_is_being_worked_out_is_shown_a_moment_later(alone: Served) -> None:
    robin = alone.visitor()
    desk = _board(alone)
    alone.until(lambda: desk.verdicts._made.at is not None)
    assert "data-pending" not in robin.page("/")
    robin.page("/experiments")
    alone.until(lambda: desk.past._made.at is not None)
    page = robin.page("/experiments")
    assert "data-pending" not in page
    assert "Arms of holdout" in page
    alone.clock.now += timedelta(minutes=30)
    assert "Arms of holdout" in robin.page("/experiments")  # the old ones, while new ones are made


def test_a_playbook_that_is_wrong_on_disk_is_told_where_the_business_looks(
    month: Path, tmp_path: Path
) -> None:
    prompts = copytree(shipped(), tmp_path / "prompts")
    settings = settings_of(copied(month, tmp_path / "home"))
    served = Served(settings.model_copy(update={"prompts_dir": prompts})).start()
    try:
        robin = served.visitor()
        (prompts / "policy.yaml").write_text("threshold: [")
        for path in ("/", "/playbook"):
            page = robin.page(path)
            assert "The files in prompts/ are wrong, and not in force" in page, path
            assert "policy.yaml:" in page, path
    finally:
        served.stop()
