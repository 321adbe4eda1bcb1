"""What a person changes by the pages: done, shown, and in the audit log with who did it."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from tay_middleware.cli.main import app as cli
from tay_middleware.domain import uuid7
from tay_middleware.storage import ledger
from tay_middleware.storage.desk import audit, pauses, verdicts
from tay_middleware.storage.desk.tables import audit_log, escalation_notes
from tay_middleware.storage.desk.tokens import Scope
from tay_middleware.storage.payments import inbox
from tay_middleware.storage.payments.tables import webhook_events
from tay_middleware.storage.reading import log, sales
from tay_middleware.storage.reading.log import Filter
from tests.web.dashboard.stage import ROOT, Served, Visitor, text_of

UNKNOWN = "01958a2e-7c00-7000-8000-000000000001"


@pytest.fixture(scope="module")
def mentions(served: Served) -> list[Any]:
    """Some mentions that nobody bought after, newest first."""
    found = served.ask(log.escalations, Filter(), limit=60)
    return [row for row in found if not row.converted]


def trail(served: Served) -> list[tuple[str, str | None, str]]:
    """Action, subject and way of every change but those at a terminal, newest first.

    A terminal writes by the clock of the machine, the server by that of its month.
    """
    rows = served.ask(audit.page, limit=1000)
    return [(row.action, row.subject, row.via) for row in rows if row.via != "cli"]


def last_export(served: Served) -> Any:
    rows = served.ask(audit.page, action="export", limit=1000)
    return next(row for row in rows if row.via != "cli")


def test_a_sale_by_hand_is_shown_with_who_said_so_and_can_be_taken_back(
    served: Served, robin: Visitor, mentions: list[Any]
) -> None:
    path = f"/escalations/{mentions[0].id}"
    said = {"converted": "yes", "amount": "480.00", "currency": "USD", "note": "cash at the fair"}
    answer = robin.send(f"{path}/mark", said)
    assert answer.headers["location"] == f"{ROOT}{path}?done=marked"
    page = text_of(robin.page(path, done="marked"))
    assert "Marked." in page
    assert "led to a sale: 480.00 USD" in page
    assert "cash at the fair" in page
    assert served.ask(sales.escalation, mentions[0].id).converted
    robin.send(f"{path}/mark", {"converted": "no"})
    robin.send(f"{path}/mark", {"converted": "back"})
    assert not served.ask(sales.escalation, mentions[0].id).converted
    assert "led to a sale" not in text_of(robin.page(path))
    assert trail(served)[:3] == [("mark", str(mentions[0].id), "dashboard")] * 3


def test_a_sale_by_hand_counts_from_the_day_it_was_sold(
    served: Served, robin: Visitor, mentions: list[Any]
) -> None:
    mention = mentions[1]
    path = f"/escalations/{mention.id}"
    for day in (mention.created_at.date(), served.clock().date()):
        robin.send(f"{path}/mark", {"converted": "yes", "sold_on": f"{day}"})
        sold_at = served.ask(sales.escalation, mention.id).converted_at
        assert sold_at.date() == day
        assert mention.created_at <= sold_at <= served.clock()
    assert "led to a sale" in text_of(robin.page(path))
    robin.send(f"{path}/mark", {"converted": "back"})


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "say yes, no"),
        ({"converted": "yes", "sold_on": "last week"}, "is no day such as"),
        ({"converted": "yes", "sold_on": "1999-01-01"}, "is before the mention"),
        ({"converted": "yes", "sold_on": "2999-01-01"}, "is yet to come"),
        ({"converted": "perhaps"}, "say yes, no"),
        ({"converted": "yes", "amount": "forty", "currency": "usd"}, "amount"),
        ({"converted": "yes", "amount": "-1", "currency": "usd"}, "amount"),
        ({"converted": "yes", "amount": "1.001", "currency": "usd"}, "more than the 2 decimals"),
        ({"converted": "yes", "amount": "1", "currency": "zzz"}, "unknown currency"),
        ({"converted": "yes", "note": "x" * 5000}, "at most"),
    ],
)
def test_a_word_that_cannot_be_is_told_so_and_changes_nothing(
    served: Served, robin: Visitor, mentions: list[Any], form: dict[str, str], said: str
) -> None:
    before = trail(served)
    answer = robin.send(f"/escalations/{mentions[1].id}/mark", form)
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert trail(served) == before


def test_a_note_is_kept_for_the_others_and_goes_with_the_user(
    served: Served, robin: Visitor, mentions: list[Any]
) -> None:
    mention = mentions[2]
    path = f"/escalations/{mention.id}"
    assert robin.send(f"{path}/note", {"words": "Called her back."}).status_code == 303
    assert trail(served)[0] == ("note", str(mention.id), "dashboard")
    other = served.visitor(Scope.READ)
    assert "Called her back." in text_of(other.page(path))
    assert "Called her back." not in json.dumps(
        [dict(row.detail) for row in served.ask(audit.page, limit=1000)]
    )
    for words in ("", "  ", "x" * 2001):
        assert robin.send(f"{path}/note", {"words": words}).status_code == 422
    served.change(ledger.erase_rows, mention.user_key, served.clock())
    assert "Called her back." not in robin.page(path)
    count = select(func.count()).select_from(escalation_notes)
    assert served.ask(lambda tx: tx.execute(count).scalar_one()) == 0


def test_what_was_right_comes_out_of_the_label_command(
    served: Served, robin: Visitor, mentions: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    right, wrong, other, back = mentions[3:7]
    another = next(one for one in ("course", "masterclass") if one != other.offer)
    for mention, said in ((right, "right"), (wrong, "none"), (other, another), (back, "right")):
        answer = robin.send(f"/escalations/{mention.id}/label", {"label": said})
        assert answer.headers["location"].endswith("done=labelled")
    robin.send(f"/escalations/{back.id}/label", {"label": "back"})
    assert "It was right." in text_of(robin.page(f"/escalations/{right.id}"))
    assert "Nothing should have been mentioned." in text_of(robin.page(f"/escalations/{wrong.id}"))
    assert f"{another} would have been right." in text_of(robin.page(f"/escalations/{other.id}"))
    assert "Nobody has said so yet" in text_of(robin.page(f"/escalations/{back.id}"))
    rows = exported(served, monkeypatch)
    mine = {str(one.id) for one in (right, wrong, other, back)}
    assert {name: said for name, said in rows.items() if name in mine} == {
        str(right.id): (True, right.offer),
        str(wrong.id): (False, None),
        str(other.id): (True, another),
    }
    assert [one for one, _, _ in trail(served)[:5]] == ["label"] * 5
    taken_out = served.ask(audit.page, action="export", limit=1)[0]
    assert (taken_out.via, taken_out.subject) == ("cli", "labels")
    assert robin.send(f"/escalations/{back.id}/label", {"label": "back"}).status_code == 404
    assert robin.send(f"/escalations/{back.id}/label", {"label": "maybe"}).status_code == 422


def exported(served: Served, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[bool, str | None]]:
    """What `tay label export --labelled` prints: each question's label."""
    monkeypatch.setenv("TAY_HOME", str(served.settings.home))
    monkeypatch.setenv("TAY_PROMPTS_DIR", str(served.settings.prompts_dir))
    done = CliRunner().invoke(cli, ["label", "export", "--labelled", "--days", "3650"])
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {row["id"]: (row["escalate"], row["offer"]) for row in rows}


@pytest.mark.parametrize("what", ["mark", "note", "label"])
def test_what_is_not_there_cannot_be_changed(served: Served, robin: Visitor, what: str) -> None:
    before = trail(served)
    form = {"converted": "yes", "words": "hm", "label": "right"}
    assert robin.send(f"/escalations/{UNKNOWN}/{what}", form).status_code == 404
    assert trail(served) == before


def test_a_pause_and_its_end_are_kept_with_who_said_so(served: Served, robin: Visitor) -> None:
    pause = {"name": "mentorship", "reason": "the calendar is full"}
    assert robin.send("/playbook/pause", pause).headers["location"].endswith("done=paused")
    page = text_of(robin.page("/playbook"))
    assert "the calendar is full" in page
    assert "Switch on again" in page
    assert "mentorship" in served.ask(pauses.paused_names, served.clock())
    tried = robin.send(
        "/playbook/try",
        {"question": "Can you review my pricing structure and tell me what's wrong?"},
    )
    assert "holds it back: paused" in text_of(tried.text)
    assert robin.send("/playbook/pause", pause).status_code == 409
    assert robin.send("/playbook/resume/mentorship", {"note": "free"}).status_code == 303
    assert "mentorship" not in served.ask(pauses.paused_names, served.clock())
    assert robin.send("/playbook/resume/mentorship", {}).status_code == 404
    for form in ({"name": "course"}, {"reason": "odd"}, {"name": "course", "reason": "x" * 201}):
        assert robin.send("/playbook/pause", form).status_code == 422
    assert robin.send("/playbook/pause", {"name": "nothing", "reason": "x"}).status_code == 404
    assert [one for one, _, _ in trail(served)[:2]] == ["resume", "pause"]


def test_a_pause_says_when_it_ends_by_itself(served: Served, robin: Visitor) -> None:
    pause = {"name": "mentorship", "reason": "the calendar is full", "until": "3 days"}
    for wrong in ("soon", "x" * 41):
        assert robin.send("/playbook/pause", {**pause, "until": wrong}).status_code == 422
    assert robin.send("/playbook/pause", pause).status_code == 303
    (one, *_) = served.ask(pauses.history, served.clock())
    assert one.until == one.paused_at + timedelta(days=3)
    page = text_of(robin.page("/playbook"))
    assert f"until {one.until:%-d %b %Y, %H:%M}" in page.replace("\n", " ")
    assert robin.send("/playbook/resume/mentorship", {}).status_code == 303
    assert "the calendar is full" not in text_of(robin.page("/playbook"))


def test_a_purchase_finds_its_place_by_a_mention_by_a_user_and_by_nobody(alone: Served) -> None:
    robin = alone.visitor()
    newest = alone.ask(log.escalations, Filter(), limit=1)[0]
    to_whom = {
        "attributed": {"to": "mention", "escalation_id": str(newest.id)},
        "organic": {"to": "user", "user_id": "simulated-7-99999", "force": "on"},
        "dismissed": {"to": "dismiss"},
    }
    for kind, form in to_whom.items():
        purchase = alone.buy(kind)
        assert f"cs_{kind}" in robin.page("/payments", view="unmatched")
        answer = robin.send(f"/payments/purchases/{purchase}/assign", {**form, "view": "unmatched"})
        assert answer.headers["location"].endswith("view=unmatched&done=assigned"), answer.text
        assert f"cs_{kind}" not in robin.page("/payments", view="unmatched")
        assert f"cs_{kind}" in robin.page("/payments", view="purchases")
        assert alone.ask(sales.purchase, purchase).kind == kind
        assert trail(alone)[0] == ("assign", str(purchase), "dashboard")
    path = f"/payments/purchases/{purchase}/assign"
    for form in ({}, {"to": "user"}, {"to": "mention", "escalation_id": "17"}):
        assert robin.send(path, form).status_code == 422
    nobody = {"to": "mention", "escalation_id": UNKNOWN}
    for form in (nobody, {"to": "user", "user_id": "simulated-7-99999"}):
        assert robin.send(path, form).status_code == 404
    assert robin.send(f"/payments/purchases/{UNKNOWN}/assign", {"to": "dismiss"}).status_code == 404


def test_a_delivery_is_handled_again_alone_and_all_the_dead_at_once(alone: Served) -> None:
    robin = alone.visitor()
    rows = alone.ask(inbox.page, limit=5)
    killed = [row.id for row in rows[:3]]

    def kill(transaction: Any) -> None:
        now = alone.clock()
        transaction.execute(
            update(webhook_events)
            .where(webhook_events.c.id.in_(killed))
            .values(dead_at=now, handled_at=None, due_at=None, error="it was odd")
        )

    alone.change(kill)
    assert "3" in text_of(robin.page("/payments", view="dead"))
    assert "payment deliveries given up" in text_of(robin.page("/"))
    one = f"/payments/deliveries/{killed[0]}/replay"
    assert robin.send(one, {"view": "dead"}).headers["location"].endswith("done=replayed")
    assert trail(alone)[0] == ("replay", str(killed[0]), "dashboard")
    assert robin.send("/payments/dead/replay", {}).status_code == 303
    alone.settle()
    assert alone.ask(inbox.dead_ids) == []
    row = alone.ask(audit.page, limit=1)[0]
    assert (row.action, row.detail) == ("replay", {"deliveries": 2})
    assert robin.send(f"/payments/deliveries/{UNKNOWN}/replay", {}).status_code == 404


def test_the_api_leaves_the_same_trail(served: Served, mentions: list[Any]) -> None:
    token = served.token(*Scope)
    headers = {"authorization": f"Bearer {token}"}
    visitor = Visitor(served)
    answer = visitor.client.patch(
        f"{served.origin}/api/v1/admin/logs/escalations/{mentions[8].id}",
        headers=headers,
        json={"converted": True},
    )
    assert answer.status_code == 200
    assert trail(served)[0] == ("mark", str(mentions[8].id), "api")
    listed = f"{served.origin}/api/v1/admin/logs/escalations.csv?offer=course&user_id=ada"
    assert visitor.client.get(listed, headers=headers).status_code == 200
    assert trail(served)[0] == ("export", "escalations", "api")
    assert last_export(served).detail == {"offer": "course"}


def test_signing_in_and_out_and_taking_rows_out_are_written_down_without_a_user(
    served: Served,
) -> None:
    visitor = served.visitor()
    visitor.page("/escalations.csv", user_id="simulated-7-00001", offer="course")
    visitor.send("/logout", {})
    assert [one for one, _, _ in trail(served)[:3]] == ["sign_out", "export", "sign_in"]
    assert last_export(served).detail == {"offer": "course"}


def test_the_log_is_read_by_pages_and_by_action(alone: Served) -> None:
    robin = alone.visitor()

    def many(transaction: Any) -> None:
        for number in range(120):
            at = alone.clock() - timedelta(minutes=number)
            audit.note(
                transaction,
                row_id=uuid7(at, number),
                at=at,
                actor="token:0123456789ab",
                via="dashboard",
                action="note" if number % 2 else "label",
                subject=UUID(int=number),
            )

    alone.change(many)
    seen: list[str] = []
    path = f"{ROOT}/audit?action=note"
    while path:
        page = robin.client.get(f"{alone.origin}{path}").text
        seen += [part.partition("</code>")[0] for part in page.split("<code>")[1:]]
        older = page.partition('aria-label="Pages of the log"')[2].partition('href="')[2]
        path = older.partition('"')[0].replace("&amp;", "&")
    assert seen == [str(UUID(int=number)) for number in range(1, 120, 2)]


def test_a_write_and_its_trail_stand_or_fall_together(
    alone: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    robin = alone.visitor()
    mention = alone.ask(log.escalations, Filter(), limit=1)[0]
    audit_log_dies = "UPDATE audit_log SET nothing = 1"

    def broken(transaction: Any, **_row: Any) -> None:
        transaction.exec_driver_sql(audit_log_dies)

    monkeypatch.setattr(audit, "note", broken)
    answer = robin.send(f"/escalations/{mention.id}/note", {"words": "hm"})
    assert answer.status_code >= 500
    assert alone.ask(verdicts.notes_of, mention.id) == []


def test_every_action_can_be_chosen_in_the_log(served: Served, robin: Visitor) -> None:
    found = served.ask(lambda tx: set(tx.execute(select(audit_log.c.action)).scalars()))
    page = robin.page("/audit")
    assert found
    for action in found:
        assert f'<option value="{action}"' in page
