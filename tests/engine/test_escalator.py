from pathlib import Path
from typing import Any

from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import Kind, Message, ReplyStatus, Suppression
from tay_middleware.engine import Escalator, Outcome, Reply
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import open_store
from tests.engine.scenes import ANSWER, NEED, NO_NEED, EngineOf, ask, logged


def test_a_question_that_deserves_it_gets_one_sentence(engine: Escalator) -> None:
    outcome = ask(engine)
    assert outcome.decision is not None
    assert outcome.decision.shown
    assert outcome.addition is not None
    assert outcome.addition.startswith("\n\n")


def test_a_plain_question_gets_nothing(engine: Escalator) -> None:
    outcome = ask(engine, NO_NEED)
    assert outcome.addition is None
    assert outcome.decision is not None
    assert outcome.decision.kind is Kind.NONE


def test_both_are_logged(engine: Escalator) -> None:
    ask(engine, NO_NEED)
    ask(engine)
    rows = logged(engine)
    assert [(row.question, row.detected, row.shown) for row in reversed(rows)] == [
        (NO_NEED, False, False),
        (NEED, True, True),
    ]


def test_a_second_mention_right_after_is_held_back_and_logged_so(engine: Escalator) -> None:
    ask(engine)
    assert ask(engine).addition is None
    assert [row.suppressed for row in logged(engine)] == ["cooldown", None]


def test_a_turn_sees_the_one_before_it_even_when_that_is_not_written_yet(engine: Escalator) -> None:
    ask(engine, "no thanks, I'm not looking for a program")
    outcome = ask(engine)
    assert outcome.decision is not None
    assert outcome.decision.suppressed is Suppression.DECLINED


def test_the_same_turn_again_gets_the_same_words_and_no_second_row(engine: Escalator) -> None:
    first = ask(engine, turn_id="t-1")
    again = ask(engine, turn_id="t-1")
    assert again.addition == first.addition is not None
    assert len(logged(engine)) == 1


def test_strangers_who_are_counted_from_one_have_turns_of_their_own(engine: Escalator) -> None:
    nobody: dict[str, Any] = {"user_id": None, "session_id": None, "turn_id": "1"}
    assert ask(engine, **nobody).addition is not None
    assert ask(engine, NO_NEED, **nobody).addition is None
    assert ask(engine, NO_NEED, **nobody).addition is None
    assert [row.question for row in logged(engine)] == [NO_NEED, NEED]


def test_the_same_turn_on_another_wording_of_the_reply_still_gets_its_words(
    engine: Escalator,
) -> None:
    first = ask(engine, turn_id="t-1")
    turn = engine.turn(question=NEED, user_id="ada", session_id="s1", turn_id="t-1")
    again = engine.begin(turn).settle(Reply("Another answer altogether, this time.\n"))
    assert again.addition is not None
    assert first.addition is not None
    assert again.addition == "\n" + first.addition.strip()


def test_a_reply_that_cannot_be_added_to_stays_alone(engine: Escalator) -> None:
    pending = engine.begin(engine.turn(question=NEED, user_id="ada"))
    outcome = pending.settle(Reply("", obstacle=Obstacle.TOOL_CALLS))
    assert outcome.addition is None
    assert [row.suppressed for row in logged(engine)] == ["unweavable"]


def test_an_abandoned_turn_is_logged_without_a_mention(engine: Escalator) -> None:
    engine.begin(engine.turn(question=NEED, user_id="ada")).abandon(ReplyStatus.ABANDONED)
    rows = logged(engine)
    assert [(row.detected, row.shown, row.suppressed) for row in rows] == [
        (True, False, "unweavable")
    ]


def test_a_retry_that_worked_replaces_the_turn_that_failed(engine: Escalator) -> None:
    def begin() -> Outcome:
        turn = engine.turn(question=NEED, user_id="ada", turn_id="t-1")
        return engine.begin(turn).settle(ANSWER)

    failed = engine.turn(question=NEED, user_id="ada", turn_id="t-1")
    engine.begin(failed).abandon(ReplyStatus.FAILED)
    assert engine.flush(5)
    assert begin().addition is not None
    assert [row.shown for row in logged(engine)] == [True]


def test_the_first_ending_of_a_turn_counts(engine: Escalator) -> None:
    pending = engine.begin(engine.turn(question=NEED, user_id="ada"))
    pending.abandon(ReplyStatus.FAILED)
    assert pending.settle(ANSWER) == Outcome()
    assert len(logged(engine)) == 1


def test_an_anonymous_user_gets_a_gentle_mention(engine: Escalator) -> None:
    outcome = ask(engine, user_id=None, session_id=None)
    assert outcome.decision is not None
    assert (outcome.decision.shown, outcome.decision.strength) == (True, "gentle")


def test_a_grief_that_an_earlier_reply_saw_is_remembered_where_nobody_is_known(
    engine: Escalator,
) -> None:
    def after(reply: str) -> Outcome:
        said = (Message("user", "the salon feels empty since Sunday"), Message("assistant", reply))
        return ask(engine, user_id=None, session_id=None, transcript=said)

    assert after("Rest first, then the rent.").addition is not None
    decision = after("I'm so sorry for your loss. Rest first.").decision
    assert decision is not None
    assert decision.suppressed is Suppression.SENSITIVE


def test_an_anonymous_session_is_not_asked_twice(engine: Escalator) -> None:
    assert ask(engine, user_id=None).addition is not None
    assert ask(engine, user_id=None).addition is None


def test_the_log_keeps_no_address(engine: Escalator) -> None:
    ask(engine, f"{NEED} write to ada@example.com")
    assert "ada@example.com" not in (logged(engine)[0].question or "")


def test_a_minor_is_left_alone_however_much_she_asks_in_between(
    engine_on: EngineOf, settings: Settings
) -> None:
    engine = engine_on(open_store(settings.resolved_database_url, history_turns=2))
    ask(engine, "I'm 15 and I want to start my own wig business, how do I price my wigs?")
    for number in range(4):
        ask(engine, NO_NEED, session_id=f"later {number}")
    outcome = ask(engine, session_id="much later")
    assert outcome.decision is not None
    assert (outcome.addition, outcome.decision.suppressed) == (None, Suppression.SENSITIVE)


# Modes.


def test_shadow_decides_and_logs_and_says_nothing(settings: Settings) -> None:
    engine = Escalator.from_settings(load_settings(**{**settings.model_dump(), "mode": "shadow"}))
    try:
        outcome = ask(engine)
        assert outcome.addition is None
        assert [(row.detected, row.suppressed) for row in logged(engine)] == [(True, "mode")]
    finally:
        engine.close()


def test_off_touches_nothing_at_all(tmp_path: Path) -> None:
    engine = Escalator.from_settings(load_settings(mode="off", home=tmp_path / "nowhere"))
    assert ask(engine) == Outcome()
    assert not (tmp_path / "nowhere").exists()
    engine.close()


def test_a_bare_no_to_a_mention_is_heard_without_a_transcript(engine: Escalator) -> None:
    assert ask(engine).addition is not None
    ask(engine, "nah we move")
    outcome = ask(engine, session_id="another")
    assert outcome.decision is not None
    assert outcome.decision.suppressed is Suppression.DECLINED


def test_who_asks_the_price_after_a_mention_gets_the_link_of_that_offer(engine: Escalator) -> None:
    first = ask(engine).decision
    outcome = ask(engine, "price?")
    assert first is not None
    assert outcome.decision is not None
    assert outcome.decision.offer == first.offer
    assert outcome.addition is not None
    assert "https://" in outcome.addition
