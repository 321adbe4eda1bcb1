import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.decide.cascade import Judgement
from tay_middleware.decide.describe import Json
from tay_middleware.domain import Turn
from tay_middleware.errors import ConfigurationError, InputError
from tay_middleware.evals.conversations import (
    Conversations,
    Expected,
    LabelledTurn,
    read_conversations,
)
from tay_middleware.evals.dialogue import dialogue, results
from tay_middleware.evals.labels import Labels
from tay_middleware.evals.play import Played, play
from tay_middleware.evals.suite import evaluate
from tay_middleware.evals.tiers import Tier
from tay_middleware.evals.turns import KeywordTurns, LabelledTurns
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
        return Judgement(said())


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


def a_line_of(name: object = "c1", *, days: object = 0, **said: object) -> dict[str, object]:
    """A conversation with one turn; `said` goes into its label, `owns` beside it."""
    owns = said.pop("owns", [])
    turn = a_told_turn(offer="mentorship", shown=True, strength="gentle")
    turn["expected"] = {**cast("dict[str, object]", turn["expected"]), **said}
    return {"id": name, "owns": owns, "sessions": [{"days_ago": days, "turns": [turn]}]}


def test_two_conversations_of_one_id_are_refused_by_their_lines(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_line_of(), a_line_of("1"), a_line_of(1), name="c.jsonl")
    with pytest.raises(
        ConfigurationError, match=r"c\.jsonl:3: the id '1' stands in line 2 already"
    ):
        read_conversations(path)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"offer": "Mentorshp"}, r"expected\.offer: there is no 'Mentorshp', but .*mentorship"),
        ({"strength": "medium"}, r"expected\.strength: there is no 'medium', but gentle, standard"),
        ({"suppressed": "cooldwn"}, r"expected\.suppressed: there is no 'cooldwn', but .*cooldown"),
        ({"owns": ["cuorse"]}, "owns: there is no 'cuorse', but .*course"),
    ],
)
def test_a_label_that_is_no_name_is_refused_with_the_names_that_are(
    tmp_path: Path, playbook: Playbook, said: dict[str, object], told: str
) -> None:
    path = a_file(tmp_path, a_line_of("c0"), a_line_of(**said), name="c.jsonl")
    with pytest.raises(ConfigurationError, match=rf"c\.jsonl:2: .*{told}"):
        read_conversations(path, playbook)


def test_names_are_read_in_any_case_and_may_be_left_out(tmp_path: Path, playbook: Playbook) -> None:
    spelt = a_line_of("a", offer="Mentorship", strength="GENTLE ", suppressed="", owns=["Course"])
    empty = a_line_of("b", offer="", strength=None, suppressed="none", owns=[""])
    quiet = a_line_of("c", detected=False, shown=False, offer="a thing of another shop")
    found = read_conversations(a_file(tmp_path, spelt, empty, quiet, name="c.jsonl"), playbook)
    told = [turn.expected for turn in found.turns]
    assert [(one.offer, one.strength, one.suppressed) for one in told] == [
        ("mentorship", "gentle", None),
        (None, None, None),
        (None, "gentle", None),
    ]
    assert [one.owns for one in found.all] == [("course",), (), ()]


def test_entitlements_of_an_offer_may_be_owned(tmp_path: Path, playbook: Playbook) -> None:
    offer = playbook.offers["course"].model_copy(update={"entitlements": ("Seat-7",)})
    own = replace(playbook, offers={**playbook.offers, "course": offer})
    path = a_file(tmp_path, a_line_of(owns=["seat-7"]), name="c.jsonl")
    assert read_conversations(path, own).all[0].owns == ("seat-7",)
    with pytest.raises(ConfigurationError, match="'seat-7'"):
        read_conversations(path, playbook)


def test_our_own_conversations_name_what_the_playbook_has(playbook: Playbook) -> None:
    path = Path(__file__).parents[2] / "evals" / "data" / "conversations.jsonl"
    assert read_conversations(path, playbook) == read_conversations(path)


@pytest.mark.parametrize("days", ["1e9", "NaN", "1e400", "-1", "3651", "-Infinity"])
def test_a_day_outside_of_ten_years_is_refused_by_its_field(tmp_path: Path, days: str) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps(a_line_of(days=0.125)).replace("0.125", days))
    with pytest.raises(ConfigurationError, match=r"c\.jsonl:1: sessions\.0\.days_ago: "):
        read_conversations(path)


def test_sessions_are_played_oldest_first_and_keep_their_keys(
    tmp_path: Path, playbook: Playbook
) -> None:
    """The later session stands first: its strength is that of a user who returns all the same."""
    conversations = a_conversation(
        tmp_path,
        (0, [a_told_turn(offer="mentorship", shown=True, strength="standard", topic="vendors")]),
        (9, [a_told_turn(offer="mentorship", shown=True, strength="gentle")]),
        marks="purchases: []",
    )
    assert [turn.key for turn in conversations.turns] == ["c1/1/0", "c1/0/0"]
    found = results(play(conversations, playbook, LabelledTurns(conversations)), conversations)
    assert [(one.key, one.got) for one in found if not one.right] == []


@given(
    *(st.sampled_from(names) for names in ([None, "cooldown", "sensitive"],) * 2),
    *(st.sampled_from(names) for names in ([None, "gentle", "direct"],) * 2),
    *(st.sampled_from(names) for names in ([None, "course", "mentorship"],) * 2),
    st.booleans(),
    st.booleans(),
)
def test_a_turn_that_came_out_otherwise_never_reads_as_its_label(
    held: str | None,
    expected_held: str | None,
    strength: str | None,
    expected_strength: str | None,
    offer: str | None,
    expected_offer: str | None,
    shown: bool,
    expected_shown: bool,
) -> None:
    expected = Expected(
        True, expected_shown, expected_offer, expected_held, expected_strength, "pricing"
    )
    turn = LabelledTurn("c/0/0", "q", "r", expected)
    decision: dict[str, Json] = {"shown": shown, "suppressed": held}
    decision |= {"offer": offer, "strength": strength}
    (one,) = results([Played(turn, decision, " so")], Conversations("c", ()))
    assert one.right or one.expected != one.got


def test_a_mention_of_which_the_label_names_no_offer_is_left_out_of_their_accuracy() -> None:
    def played(key: str, offer: str | None) -> Played:
        expected = Expected(True, True, offer, None, None, None)
        decision: dict[str, Json] = {"shown": True, "offer": "course", "strength": "gentle"}
        return Played(LabelledTurn(key, "q", "r", expected), decision, " so")

    many = [played("a", None), played("b", "course"), played("c", "mentorship")]
    found = results(many, Conversations("c", ()))
    assert [one.right for one in found] == [True, True, True]
    figure = dialogue(found)["conversations.offer_accuracy"]
    assert (figure.value, figure.n) == (0.5, 2)


def test_files_without_conversations_are_refused(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text("\n")
    with pytest.raises(ConfigurationError, match="no conversations"):
        read_conversations(tmp_path / "c.jsonl")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_conversations(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        ("purchases: [c1/0/0, 3, x]", "purchases: there is no turn 3; a turn is conversation/"),
        ("purchases: [[c1/0/0]]", r"purchases: there is no turn \['c1/0/0'\]"),
        ("purchases: c1/0/0", r"purchases: must be a list .*, not 'c1/0/0'"),
        ("3: []\nbuys: []", "knows no 3, but purchases, declines"),
        ("- a", "holds no lists; it knows purchases"),
    ],
)
def test_marks_of_another_form_are_told_what_theirs_is(
    tmp_path: Path, marks: str, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"labels\.yaml: {told}"):
        a_conversation(tmp_path, (0, [a_told_turn()]), marks=marks)


def test_marks_in_latin_1_are_told_to_be_saved_as_utf8(tmp_path: Path) -> None:
    (tmp_path / "conversations.labels.yaml").write_bytes("# café".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"labels\.yaml: .*save it as UTF-8"):
        a_conversation(tmp_path, (0, [a_told_turn()]))


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
