import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.analytics.replay import Flip
from tay_middleware.domain import Message, Stage
from tay_middleware.playbook import load_playbook
from tay_middleware.storage.reading import replays as sql
from tests.uncounted import at_scale

from .town import (
    COURSE,
    DAY,
    MINUTE,
    NEED,
    PLAIN,
    SAD,
    SMALL,
    STOP,
    WHY,
    WITH_NUMBER,
    Town,
    a_town,
    busy,
)

pytestmark = pytest.mark.scale

CASCADE = load_playbook().policy.cascade


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = a_town(tmp_path)
    yield made
    made.engine.close()


def flips(found: Any) -> dict[tuple[str, str], int]:
    return {(one.flip.value, one.why): one.many for one in found.flips}


def test_an_unchanged_playbook_flips_nothing_and_makes_the_log_again(town: Town) -> None:
    busy(town)
    found = town.preview(town.playbook)
    assert (found.flips, found.examples) == ((), ())
    assert found.agreement == 1
    assert found.mentions[0] == found.mentions[1] > 10
    (reason,) = found.skipped
    assert "what the app said of the user" in reason
    assert found.replayed == found.questions - 1


@at_scale
def test_the_same_replay_says_the_same(town: Town) -> None:
    busy(town)
    new = town.changed(("policy.yaml", "session_turns: 3", "session_turns: 1"))
    assert town.preview(new) == town.preview(new)


def test_a_higher_threshold_takes_mentions_away_and_frees_later_ones(town: Town) -> None:
    agreed = "Can you audit my business and give me a strategy to restructure it?"
    assert [town.ask(question) for question in (PLAIN, agreed)] == [True, False]
    higher = ("policy.yaml", f"    threshold: {CASCADE.scorer.threshold}", "    threshold: 0.99")
    assert flips(town.preview(town.changed(higher))) == {
        ("no longer offered", "now: no need found"): 1,
        ("now offered", "before: held back, cooldown"): 1,
    }


def test_a_shorter_cool_down_offers_more(town: Town) -> None:
    for _ in range(3):
        town.ask(NEED)
    found = town.preview(town.changed(("policy.yaml", "session_turns: 3", "session_turns: 1")))
    assert flips(found) == {("now offered", "before: held back, cooldown"): 1}
    assert found.mentions == (1, 2)


def test_a_wording_that_changes_is_shown_before_and_after(town: Town) -> None:
    town.ask(NEED)
    (before,) = town.preview(
        town.changed(("offers.yaml", "name: the mentorship", "name: the mentoring"))
    ).examples
    assert before.flip is Flip.OTHER_WORDING
    assert "the mentorship" in (before.before or "")
    assert "the mentoring" in (before.after or "")
    assert (before.question, before.user, before.tier) == (NEED, "ada", "free")


def test_a_tier_that_bears_more_is_spoken_to_more_strongly(town: Town) -> None:
    town.ask(NEED, tier="premium")
    raised = (
        "policy.yaml",
        "premium: {max_strength: direct, raise: 0}",
        "premium: {max_strength: direct, raise: 1}",
    )
    assert flips(town.preview(town.changed(raised))) == {
        ("another strength", "gentle → standard"): 1
    }


def test_an_offer_that_is_paused_is_no_longer_offered(town: Town) -> None:
    town.ask(NEED)
    town.ask(COURSE, "bea", "b")
    paused = town.changed(("policy.yaml", "paused_offers: []", "paused_offers: [mentorship]"))
    found = town.preview(paused)
    assert flips(found) == {("no longer offered", "now: held back, paused"): 1}
    (flipped,) = found.flips
    assert (flipped.offer, flipped.reason) == ("mentorship", "personalized_help")


def test_what_is_said_about_ourselves_may_flip_too(town: Town) -> None:
    town.ask(NEED)
    town.ask(WHY)
    town.ask(STOP)
    paused = town.changed(("policy.yaml", "paused_offers: []", "paused_offers: [mentorship]"))
    assert flips(town.preview(paused)) == {
        ("no longer offered", "now: held back, paused"): 1,
        ("another answer about ourselves", "explanation → nothing"): 1,
    }


def test_a_holdout_that_is_switched_on_silences_its_users(town: Town) -> None:
    for number in range(40):
        town.ask(NEED, f"u{number}", "s")
    found = town.preview(town.changed(("policy.yaml", "share: 0.0 ", "share: 0.5 ")))
    ((key, many),) = flips(found).items()
    assert key == ("no longer offered", "now: held back, holdout")
    assert 7 < many < 33


def test_history_before_the_period_counts_as_it_was(town: Town) -> None:
    """Ada said stop, and was here before; the week that is replayed begins after that."""
    town.ask(NEED)
    town.ask(STOP)
    begin = town.now + DAY
    town.ask(NEED, after=2 * DAY, session="s2")
    town.ask(NEED, "bea", "b")
    found = town.preview(town.playbook, since=begin)
    assert (found.replayed, found.mentions, found.agreement) == (2, (1, 1), 1)


def test_who_was_here_before_is_a_returning_user_in_the_replay(town: Town) -> None:
    town.ask(SMALL)
    begin = town.now + MINUTE
    town.ask(NEED, session="s2", after=DAY)
    assert town.preview(town.playbook, since=begin).agreement == 1


def test_words_that_were_redacted_may_decide_otherwise_and_the_agreement_says_so(
    town: Town,
) -> None:
    town.ask(NEED)
    town.ask(WITH_NUMBER, "bea", "b")
    found = town.preview(town.playbook)
    assert (found.flips, found.agreement) == ((), 0.5)


def test_questions_without_words_are_not_replayed_and_counted(tmp_path: Path) -> None:
    town = a_town(tmp_path, store_text="none")
    town.ask(NEED)
    found = town.preview(town.playbook)
    town.engine.close()
    assert (found.replayed, found.agreement) == (0, None)
    assert found.skipped == {"their words were not kept, or were erased": 1}


def test_shadow_mode_is_replayed_as_if_it_were_on(tmp_path: Path) -> None:
    town = a_town(tmp_path, mode="shadow")
    town.ask(NEED)
    found = town.preview(town.playbook)
    town.engine.close()
    assert (found.mentions, found.agreement) == ((1, 1), None)
    assert any("as if it were on" in note for note in found.notes)


def test_many_questions_are_sampled_by_whole_people(town: Town) -> None:
    for number in range(20):
        for _ in range(2):
            town.ask(NEED if number % 2 else SMALL, f"u{number}", "s")
    found = town.stretch(most=20)
    assert found.parts == sql.SAMPLES // 2
    people = [row.user_key for row in found.rows]
    assert 0 < len(people) < 40
    assert all(people.count(person) == 2 for person in people)
    told = town.preview(town.playbook, most=20)
    assert any("50.0% of the people" in note for note in told.notes)
    assert told.agreement == 1


def test_an_app_that_hands_on_what_was_said_is_recognised(town: Town) -> None:
    """ "Can you help me fix it" is ours only after what was said before."""
    said: tuple[Message, ...] = ()
    for question in (
        "how do i price a lace front install",
        "can you help me fix it",
        SAD,
    ):
        town.ask(question, transcript=said)
        said = (*said, Message("user", question))
    town.ask(NEED, transcript=said)
    found = town.preview(town.playbook)
    assert any("were handed on" in note for note in found.notes)
    assert found.agreement == 1


def test_a_stop_by_feedback_counts_in_the_replay(town: Town) -> None:
    """The app handed it on to the store, which is where the engine heard of it."""
    town.ask(NEED)
    with sqlite3.connect(town.settings.home / "tay.db") as connection:
        said = f"{town.now + MINUTE:%Y-%m-%d %H:%M:%S.%f}"
        connection.execute(
            "INSERT INTO feedback (escalation_id, user_key, stop, at) "
            "SELECT id, user_key, TRUE, ? FROM escalation_logs",
            [said],
        )
        connection.execute("UPDATE user_profiles SET opted_out_at = ?", [said])
    assert not town.ask(NEED, session="s2", after=DAY)
    found = town.preview(town.playbook)
    assert (found.mentions, found.agreement) == ((1, 1), 1)


def as_by(town: Town, change: dict[str, Any]) -> None:
    """Write into the newest row what a later stage had said."""
    with sqlite3.connect(town.settings.home / "tay.db") as connection:
        for name, value in change.items():
            connection.execute(f"UPDATE question_logs SET {name} = ?", [value])  # noqa: S608 - our own names


def test_what_a_language_model_said_stands(town: Town) -> None:
    town.ask(SMALL)
    wide = ("policy.yaml", "unsure: {least: 0.12, most: 0.85", "unsure: {least: 0.0, most: 1.0")
    as_by(
        town,
        {
            "stage": Stage.LLM.value,
            "detected": True,
            "need": True,
            "offer": "course",
            "reason": "technique",
        },
    )
    old = town.changed(wide)
    found = town.preview(old)
    assert any("a language model is not asked again" in note for note in found.notes)
    assert flips(found) == {("now offered", "before: no need found"): 1}


def test_what_the_encoder_said_is_taken_from_the_log(town: Town) -> None:
    town.ask(NEED)
    with_it = {"scorer.escalate": 0.9, "encoder.escalate": 0.9, "encoder.on_topic": 0.99}
    offers = {f"encoder.offer.{name}": 0.3333 for name in ("course", "masterclass")}
    as_by(town, {"scores": json.dumps({**with_it, **offers, "encoder.offer.mentorship": 0.9})})
    sure = town.changed(
        ("policy.yaml", f"threshold: {CASCADE.encoder.threshold}\n", "threshold: 0.999\n")
    )
    assert town.preview(town.playbook).mentions == (1, 1)
    assert flips(town.preview(sure)) == {("no longer offered", "now: no need found"): 1}
