"""The try-it box: decides and weaves as a chat would, and leaves no trace."""

import dataclasses
import hashlib
from typing import Any

import pytest
from sqlalchemy import select

from tay_middleware.decide.cascade import Until
from tay_middleware.decide.stages import make_cascade
from tay_middleware.domain import Suppression
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage.sql import metadata
from tay_middleware.web.dashboard.trying import Trial, try_out
from tests.web.dashboard.stage import Served, Visitor, text_of

NEED = "Can you review my pricing structure and tell me what's wrong?"
REPLY = "Start with one honest hour."


def everything(transaction: Any) -> dict[str, str]:
    """A fingerprint of every table."""
    found = {}
    for table in metadata.sorted_tables:
        rows = sorted(repr(tuple(row)) for row in transaction.execute(select(table)))
        found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def test_trying_leaves_no_trace_in_any_table_or_file(served: Served, robin: Visitor) -> None:
    robin.page("/playbook")
    before = served.ask(everything)
    files = {path.name for path in served.settings.home.rglob("*")}
    for question in (NEED, "stop recommending your stuff", "i want to die", "hello"):
        answer = robin.send("/playbook/try", {"question": question, "tier": "vip"})
        assert answer.status_code == 200
    after = served.ask(everything)
    assert len(after) > 15
    assert {name for name in after if after[name] != before[name]} <= {"dashboard_sessions"}
    assert {path.name for path in served.settings.home.rglob("*")} == files


def test_a_need_is_answered_with_what_the_chat_would_add(robin: Visitor) -> None:
    form = {"question": NEED, "tier": "free", "reply": REPLY}
    raw = robin.send("/playbook/try", form).text
    page = text_of(raw)
    assert "Mentions mentorship, gentle: personal help." in page
    assert f"{REPLY} That" in page or f"{REPLY} " in page
    assert "<mark" in raw
    assert NEED.replace("'", "&#39;") in raw  # still in the box, to be tried again
    assert page == text_of(robin.send("/playbook/try", form).text)


def test_who_may_only_look_may_try(reader: Visitor) -> None:
    assert reader.send("/playbook/try", {"question": NEED}).status_code == 200


@pytest.mark.parametrize("question", ["", "   ", "x" * 4001])
def test_a_question_is_neither_nothing_nor_a_book(robin: Visitor, question: str) -> None:
    assert robin.send("/playbook/try", {"question": question}).status_code == 422


def test_a_sensitive_moment_says_which_gate_closed(robin: Visitor) -> None:
    question = "my salon is failing and i don't want to live anymore"
    page = text_of(robin.send("/playbook/try", {"question": question}).text)
    assert "Gates that closed: distress" in page
    assert "What Tay added" not in page


def test_the_cool_down_and_the_holdout_play_no_part(playbook: Playbook, settings: Settings) -> None:
    cascade = make_cascade(playbook, settings, Until.ENCODER)
    policy = playbook.policy.model_copy(
        update={"holdout": playbook.policy.holdout.model_copy(update={"share": 1.0})}
    )
    held = dataclasses.replace(playbook, policy=policy)
    for _ in range(3):
        assert try_out(Trial(NEED, "free", REPLY), held, cascade).decision.shown


def test_what_is_paused_is_held_back(playbook: Playbook, settings: Settings) -> None:
    cascade = make_cascade(playbook, settings, Until.ENCODER)
    tried = try_out(Trial(NEED, "free", REPLY), playbook, cascade, frozenset({"mentorship"}))
    assert tried.decision.suppressed is Suppression.PAUSED
    assert tried.addition is None
