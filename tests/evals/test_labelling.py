import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from tay_middleware.errors import ConfigurationError, InputError
from tay_middleware.evals.labelling import TakenIn, take_in, to_label
from tay_middleware.evals.lines import text_lines
from tay_middleware.evals.rows import read_rows

OFFERS = ("mentorship", "course")


@dataclass(frozen=True)
class Asked:
    number: int
    confidence: float | None = None
    question: str | None = "how do i price a unit"
    user_key: str | None = "0123456789abcdef0123"
    detected: bool = False
    created_at: datetime = datetime(2026, 3, 2, tzinfo=UTC)
    label_escalate: bool | None = None
    label_offer: str | None = None

    @property
    def id(self) -> UUID:
        return UUID(int=self.number)


def a_row(number: int, escalate: object, offer: object = None) -> str:
    row = to_label([Asked(number)], 0.5, unsure_first=False)[0]
    return json.dumps({**row, "escalate": escalate, "offer": offer})


def test_the_closest_decisions_come_first_and_those_without_a_probability_last() -> None:
    logged = [Asked(1, 0.99), Asked(2), Asked(3, 0.45), Asked(4, 0.1), Asked(5, question=None)]
    rows = to_label(logged, 0.5, unsure_first=True)
    assert [row["id"] for row in rows] == [str(UUID(int=n)) for n in (3, 4, 1, 2)]


def test_a_row_leaves_without_its_user() -> None:
    row = to_label([Asked(1)], 0.5, unsure_first=False)[0]
    assert row["family"] == "0123456789ab"
    assert (row["escalate"], row["author"]) == (None, "own")
    assert "user" not in json.dumps(row)


def test_what_a_person_said_of_a_decision_stands_in_its_row() -> None:
    said = Asked(1, label_escalate=True, label_offer="course")
    row = to_label([said, Asked(2)], 0.5, unsure_first=False)
    assert [(one["escalate"], one["offer"]) for one in row] == [(True, "course"), (None, None)]


def test_labels_are_merged_by_id_and_can_be_trained_on(tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    first = take_in([a_row(1, True, "course"), a_row(2, None), a_row(3, False)], own, OFFERS)
    assert first == TakenIn(added=2, replaced=0, unlabelled=1)
    again = take_in([a_row(1, False, "course"), "", a_row(2, True, "mentorship")], own, OFFERS)
    assert again == TakenIn(added=1, replaced=1, unlabelled=0)
    assert [(row.escalate, row.offer) for row in read_rows(own)] == [
        (False, None),
        (False, None),
        (True, "mentorship"),
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", r"given\.jsonl:1: Invalid JSON"),
        ("[]", r"given\.jsonl:1: Input should be an object"),
        (a_row(1, "yes"), r"given\.jsonl:1: escalate: Input should be a valid boolean"),
        ('{"id": [1], "question": "q"}', r"given\.jsonl:1: id"),
        (a_row(1, True, "retreat"), r"given\.jsonl:1: offer: is one of mentorship, course"),
    ],
)
def test_a_label_that_cannot_be_read_is_refused_and_nothing_is_taken_in(
    tmp_path: Path, line: str, told: str
) -> None:
    own = tmp_path / "own.jsonl"
    with pytest.raises(InputError, match=told):
        take_in([line], own, OFFERS, source="given.jsonl")
    assert not own.exists()


def test_our_own_export_is_taken_in_whatever_line_ends_a_question_holds(tmp_path: Path) -> None:
    row = to_label([Asked(1, question="one\u2028two\u0085three")], 0.5, unsure_first=False)[0]
    given, own = tmp_path / "given.jsonl", tmp_path / "own.jsonl"
    given.write_text(json.dumps({**row, "escalate": False}, ensure_ascii=False) + "\n")
    for replaced in (0, 1):
        done = take_in(text_lines(given), own, OFFERS)
        assert done == TakenIn(added=1 - replaced, replaced=replaced, unlabelled=0)
    assert [kept.question for kept in read_rows(own)] == [row["question"]]


@pytest.mark.parametrize("held", ["[1]", '{"question": "q"}', '{"id": 1}\n{"id": "1"}'])
def test_a_label_file_that_would_lose_a_line_is_left_as_it_is(tmp_path: Path, held: str) -> None:
    own = tmp_path / "own.jsonl"
    own.write_text(held)
    with pytest.raises(ConfigurationError, match=r"own\.jsonl:[12]: "):
        take_in([a_row(1, False)], own, OFFERS)
    assert [path.name for path in tmp_path.iterdir()] == ["own.jsonl"]
    assert own.read_text() == held
