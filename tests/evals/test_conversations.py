import json
from dataclasses import replace
from pathlib import Path

import pytest

from tay_middleware.domain import Turn
from tay_middleware.engine.judging import Judgement
from tay_middleware.errors import ConfigurationError, InputError
from tay_middleware.evals.conversations import Conversations, read_conversations
from tay_middleware.evals.dialogue import dialogue, results
from tay_middleware.evals.labels import Labels
from tay_middleware.evals.play import Played, play
from tay_middleware.evals.suite import evaluate
from tay_middleware.evals.tiers import Tier
from tay_middleware.evals.turns import KeywordTurns, LabelledTurns, Settled
from tay_middleware.playbook import Playbook
from tests.builders import a_turn

from .builders import a_file, said

NEED, NOTHING = ("mentorship", True), ("", False)


def a_told_turn(
    *,
    offer: str = "",
    shown: bool = False,
    suppressed: str | None = None,
    strength: str | None = None,
    topic: str = "pricing",
    question: str = "what do you think of that?",
) -> dict[str, object]:
    return {
        "question": question,
        "reply": "Write it down first, and then look at what it costs you every week.",
        "expected": {
            "detected": bool(offer),
            "offer": offer or None,
            "shown": shown,
            "suppressed": suppressed,
            "strength": strength,
            "topic": topic,
        },
    }


def a_conversation(
    directory: Path, *sessions: tuple[int, list[dict[str, object]]], marks: str = ""
) -> Conversations:
    told = {
        "id": "c1",
        "user_id": "u",
        "tier": "premium",
        "owns": ["course"],
        "sessions": [{"days_ago": days, "turns": turns} for days, turns in sessions],
    }
    path = a_file(directory, told, name="conversations.jsonl")
    if marks:
        path.with_suffix(".labels.yaml").write_text(marks)
    return read_conversations(path)


def test_labelled_detections_come_out_as_labelled(tmp_path: Path, playbook: Playbook) -> None:
    """Days between sessions, cool-down, ownership, a no, a wish to buy, distress: all of it."""
    conversations = a_conversation(
        tmp_path,
        (
            30,
            [
                a_told_turn(offer="mentorship", shown=True, strength="gentle"),
                a_told_turn(offer="mentorship", suppressed="cooldown"),
                a_told_turn(offer="course", suppressed="owns_offer"),
            ],
        ),
        (
            9,
            [
                a_told_turn(offer="masterclass", shown=True, strength="standard", topic="vendors"),
                a_told_turn(offer="masterclass", shown=True, strength="direct"),
                a_told_turn(offer="mentorship", suppressed="sensitive"),
            ],
        ),
        (
            0,
            [
                a_told_turn(question="no thanks"),
                a_told_turn(offer="mentorship", suppressed="declined"),
            ],
        ),
        marks="purchases: [c1/1/1]\ndeclines: [c1/2/0]\n",
    )
    played = play(conversations, playbook, LabelledTurns(conversations))
    found = results(played, conversations)
    assert [one for one in found if not one.right] == []
    figures = dialogue(found)
    assert figures["conversations.event_accuracy"].value == 1.0
    assert figures["conversations.event_accuracy"].n == 7
    assert figures["conversations.false_mentions"].value == 0


class Always:
    """Finds a need in everything."""

    def begin(self, turn: Turn) -> Judgement:
        return Settled(said())


def test_a_mention_where_none_is_labelled_is_false(tmp_path: Path, playbook: Playbook) -> None:
    conversations = a_conversation(tmp_path, (0, [a_told_turn(), a_told_turn()]))
    figures = dialogue(results(play(conversations, playbook, Always()), conversations))
    assert figures["conversations.false_mentions"].value == 1
    assert figures["conversations.false_mention_share"].value == 0.5
    assert figures["conversations.turn_accuracy"].value == 0.0
    assert figures["conversations.event_accuracy"].n == 0


def test_saying_nothing_is_right_on_most_turns_and_on_no_event(
    tmp_path: Path, playbook: Playbook
) -> None:
    quiet = [a_told_turn() for _ in range(4)]
    event = a_told_turn(offer="mentorship", shown=True, strength="gentle")
    conversations = a_conversation(tmp_path, (0, [*quiet, event]))
    figures = dialogue(
        results(play(conversations, playbook, KeywordTurns(playbook)), conversations)
    )
    assert figures["conversations.turn_accuracy"].value == 0.8
    assert figures["conversations.event_accuracy"].value == 0.0


def test_two_broken_checks_on_one_mention_are_one_mention(
    tmp_path: Path, playbook: Playbook
) -> None:
    mention = a_told_turn(offer="mentorship", shown=True, strength="gentle")
    conversations = a_conversation(tmp_path, (0, [mention]))
    curt = playbook.voice.model_copy(update={"max_words": 1, "max_sentences": 0})
    run = evaluate(
        Labels({}, conversations=(conversations,)),
        [Tier("labels", turns=LabelledTurns(conversations))],
        replace(playbook, voice=curt),
    )
    told = run.tiers["labels"]
    assert told.remarks == ["c1/0/0: is_too_long", "c1/0/0: has_too_many_sentences"]
    figure = told.figures["conversations.conduct_broken"]
    assert (figure.value, figure.n) == (1, 1)


def test_sensitive_is_accepted_only_where_the_companion_says_so(tmp_path: Path) -> None:
    conversations = a_conversation(
        tmp_path, (0, [a_told_turn(), a_told_turn()]), marks="accepts_sensitive: [c1/0/0]"
    )
    decision: dict[str, object] = {"shown": False, "suppressed": "sensitive"}
    played = [Played(turn, decision, None) for turn in conversations.turns]  # type: ignore[arg-type]  # JSON
    assert [one.right for one in results(played, conversations)] == [True, False]


def test_a_turn_without_a_label_is_told() -> None:
    with pytest.raises(InputError, match="no labelled turn"):
        LabelledTurns(Conversations("none", ())).begin(a_turn())


@pytest.mark.parametrize("line", ["{", "{}", '{"id": "c", "sessions": [{"days_ago": 0}]}'])
def test_a_line_that_is_no_conversation_is_refused_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(ConfigurationError, match=r"c\.jsonl:1"):
        read_conversations(path)


def test_files_without_conversations_are_refused(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text("\n")
    with pytest.raises(ConfigurationError, match="no conversations"):
        read_conversations(tmp_path / "c.jsonl")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_conversations(tmp_path / "none.jsonl")


@pytest.mark.parametrize("marks", ["purchases: [c9/0/0]", "buys: []", "- a", "purchases: {"])
def test_marks_of_turns_that_are_not_there_are_refused(tmp_path: Path, marks: str) -> None:
    with pytest.raises(ConfigurationError, match=r"labels\.yaml"):
        a_conversation(tmp_path, (0, [a_told_turn()]), marks=marks)


def test_the_marks_of_our_own_conversations_fit_them() -> None:
    path = Path(__file__).parents[2] / "evals" / "data" / "conversations.jsonl"
    conversations = read_conversations(path)
    assert len(conversations.all) == 90
    assert len(conversations.turns) == 470
    labels = {turn.key: turn.expected for turn in conversations.turns}
    assert all(labels[key].shown for key in conversations.marks["purchases"])
    assert not any(labels[key].detected for key in conversations.marks["accepts_sensitive"])
    assert json.loads(path.read_text().splitlines()[0])["id"] == "c001"
