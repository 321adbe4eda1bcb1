"""What apps and people write is text, everywhere: nothing of it runs, nothing of it hides."""

import csv
import io
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy import insert, update

from tay_middleware.storage.desk.tokens import Scope
from tay_middleware.storage.ledger import dead_letters
from tay_middleware.storage.payments.tables import conversions, webhook_events
from tay_middleware.storage.reading import log
from tay_middleware.storage.reading.log import Filter
from tay_middleware.storage.sql import escalation_logs
from tay_middleware.storage.transaction import Transaction
from tay_middleware.storage.turns.figures import daily_counts, hourly_stats
from tay_middleware.web.dashboard.visible import visible
from tests.web.dashboard.stage import Served, Visitor, text_of

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg/onload=alert(3)>{{ 7 * 7 }}"
QUOTED = "x\"' onmouseover='alert(1)' <b>bold</b> &amp; \\"
UNSEEN = "ada\x1b[31m\u202egpj.exe\u200b\x07\u2066"
FORMULA = '=cmd|"/c calc"!A1'


class Elements(HTMLParser):
    """All elements of a page, with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def mention(served: Served) -> Any:
    """A mention of which everything that others wrote bites."""
    found = served.ask(log.escalations, Filter(converted_only=True), limit=1)[0]
    served.rewrite(
        found.id,
        question=MARKUP,
        user_id=UNSEEN,
        session_id=MARKUP,
        template=QUOTED,
        addition=MARKUP,
        topic=QUOTED,
        arm=MARKUP,
        offer=QUOTED,
    )
    served.change(_bite, found)
    return found


def _bite(transaction: Transaction, mention: Any) -> None:
    for table in (hourly_stats, escalation_logs):
        same = table.c.template == mention.template
        transaction.execute(update(table).where(same).values(template=QUOTED))
    counted = daily_counts.c
    is_it = (counted.dimension == "template") & (counted.value == mention.template)
    transaction.execute(update(daily_counts).where(is_it).values(value=QUOTED))
    transaction.execute(
        update(conversions)
        .where(conversions.c.escalation_id == mention.id)
        .values(provider=QUOTED[:20], product=MARKUP)
    )
    transaction.execute(update(webhook_events).values(kind=QUOTED[:60], error=MARKUP))
    letter = {"stream_id": "1-1", "bucket": 1, "kind": MARKUP[:30], "body": "", "error": MARKUP}
    when = {"died_at": mention.created_at, "deliveries": 5}
    transaction.execute(insert(dead_letters), [{**letter, **when}])


def paths(mention: Any) -> list[str]:
    return [
        *("/", "/?period=90", "/escalations", f"/escalations/{mention.id}", "/playbook"),
        *("/payments?view=purchases", "/payments?view=inbox", "/payments?view=events"),
        *("/review", "/review/2026-W45", "/audit", "/experiments"),
    ]


def test_nothing_that_was_written_becomes_an_element(
    served: Served, robin: Visitor, mention: Any
) -> None:
    robin.send(f"/escalations/{mention.id}/note", {"words": MARKUP})
    robin.send(f"/escalations/{mention.id}/mark", {"converted": "yes", "note": QUOTED})
    robin.send("/playbook/pause", {"name": "masterclass", "reason": MARKUP[:150]})
    said = 0
    for path in paths(mention):
        page = robin.page(path)
        said += page.count("&lt;script&gt;alert(1)")
        for tag, attributes in _of(page):
            assert tag not in {"iframe", "b", "object", "embed", "base"}, path
            assert not any(name.startswith("on") for name in attributes), path
            if tag == "img":
                assert "mark.svg" in (attributes["src"] or ""), path
            if tag == "script":
                assert "tay.js" in (attributes["src"] or ""), path
    assert said > 5


def _of(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(page)
    return parser.found


def test_what_cannot_be_seen_is_shown(robin: Visitor, mention: Any) -> None:
    for path in ("/escalations", f"/escalations/{mention.id}"):
        page = robin.page(path)
        assert visible(UNSEEN) in page
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069]", page)
    shown = "ada\u241b[31m\u27e8U+202E\u27e9gpj.exe\u27e8U+200B\u27e9\u2407\u27e8U+2066\u27e9"
    assert visible(UNSEEN) == shown


def test_what_was_typed_into_a_filter_or_the_try_it_box_comes_back_as_text(
    robin: Visitor, mention: Any
) -> None:
    page = robin.page("/escalations", template=QUOTED, user_id=MARKUP, tier=MARKUP)
    tried = robin.send("/playbook/try", {"question": MARKUP, "reply": MARKUP, "tier": MARKUP})
    door = Visitor(robin.served).page("/login", to=MARKUP)
    for text in (page, tried.text, door):
        assert not any(name.startswith("on") for _, attributes in _of(text) for name in attributes)
        assert "<img src=x" not in text
    assert "&lt;script&gt;" in tried.text


def test_a_wordings_own_link_leads_to_its_mentions_whatever_it_is_called(
    robin: Visitor, mention: Any
) -> None:
    ranks = robin.page("/", period="90").partition('aria-label="Wordings ranked"')[2]
    links = [attributes["href"] or "" for tag, attributes in _of(ranks) if tag == "a"]
    found = next(link for link in links if "onmouseover" in link)
    page = robin.client.get(f"{robin.served.origin}{found}").text
    assert str(mention.id) in page


def test_the_csv_is_inert(served: Served, robin: Visitor, mention: Any) -> None:
    for value in (FORMULA, "+1", "-1", "@x", "\t=1", "\uff1d1", " =1", "\r=1"):
        served.rewrite(mention.id, user_id=value, question=value)
        answer = robin.get("/escalations.csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"].startswith("attachment")
        text = answer.content.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        (row,) = (one for one in rows if one["id"] == str(mention.id))
        for name in ("user_id", "question"):
            behind = value.replace("\t=", "\t'=").replace("\r=", "\r'=")
            assert row[name] == f"'{behind}"


def test_a_tokens_name_is_text(served: Served) -> None:
    visitor = Visitor(served)
    visitor.sign_in(served.token(*Scope, name=MARKUP[:60]))
    page = visitor.page("/audit")
    assert "<script>alert" not in page
    assert "alert(1)" in text_of(page)
