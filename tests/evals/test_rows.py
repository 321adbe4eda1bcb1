from pathlib import Path

import pytest

from tay_middleware.domain import Message, Tier
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals import Row, read_rows
from tay_middleware.playbook import Playbook

from .builders import a_file, a_line


def test_a_row_is_read_whole(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    path = a_file(
        tmp_path,
        a_line(
            *("q", "course"),
            history=said,
            slices=["typo"],
            owned_offers=["course"],
            reason="technique",
            category="colour",
            strength_hint="gentle",
            tier="vip",
            a_field_of_the_future=1,
        ),
    )
    assert read_rows(path) == (
        Row(
            id="q",
            family="t:f",
            author="t",
            question="q",
            escalate=True,
            offer="course",
            history=(Message("user", "a"), Message("assistant", "b")),
            slices=("typo",),
            owned_offers=("course",),
            reason="technique",
            category="colour",
            strength_hint="gentle",
            tier=Tier.VIP,
        ),
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Invalid JSON"),
        ("[]", "should be an object"),
        ('{"question": "q"}', "escalate: Field required"),
        ('{"question": 1, "escalate": true}', "question: Input should be a valid string"),
        ('{"question": "q", "escalate": true, "history": [{}]}', "history.0.role: Field required"),
    ],
)
def test_a_line_that_is_no_row_is_refused_by_its_number(
    tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"question": "q", "escalate": false}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said) as refusal:
        read_rows(path)
    assert "questions.jsonl:2" in str(refusal.value)


@pytest.mark.parametrize("second", ["q0", 5])
def test_an_id_that_stands_twice_in_a_file_is_refused_by_its_lines(
    tmp_path: Path, second: object
) -> None:
    rows = [{**a_line(f"q{at}", None), "id": name} for at, name in enumerate(("q0", "5", second))]
    path = a_file(tmp_path, *rows)
    first = 1 if second == "q0" else 2
    said = rf"questions_t\.jsonl:3: the id '{second}' stands in line {first} already"
    with pytest.raises(ConfigurationError, match=said):
        read_rows(path)


def test_a_row_that_nobody_has_labelled_yet_is_told_how_it_is(tmp_path: Path) -> None:
    path = a_file(tmp_path, {**a_line("q", None), "escalate": None})
    with pytest.raises(ConfigurationError, match=r":1: escalate: .*not labelled yet.*tay label im"):
        read_rows(path)


@pytest.mark.parametrize("offers", [None, ("course", "mentorship")])
@pytest.mark.parametrize(
    ("said", "expected"),
    [("Course", "course"), (" course ", "course"), ("", None), ("none", None), (None, None)],
)
def test_an_offer_is_read_in_any_case_and_may_be_left_out(
    tmp_path: Path, offers: tuple[str, ...] | None, said: str | None, expected: str | None
) -> None:
    path = a_file(tmp_path, {**a_line("q", "course"), "offer": said})
    assert [row.offer for row in read_rows(path, offers)] == [expected]


def test_an_offer_that_there_is_not_is_refused_where_it_counts(tmp_path: Path) -> None:
    quiet = {**a_line("a", None), "offer": "retreat"}
    assert [row.offer for row in read_rows(a_file(tmp_path, quiet), ("course",))] == [None]
    path = a_file(tmp_path, quiet, a_line("b", "Mentorshp"))
    with pytest.raises(
        ConfigurationError,
        match=r"questions_t\.jsonl:2: offer: there is no 'Mentorshp', but course, mentorship",
    ):
        read_rows(path, ("course", "mentorship"))


def test_the_offers_of_our_own_labels_are_those_of_the_playbook(playbook: Playbook) -> None:
    data = Path(__file__).parents[2] / "evals" / "data"
    other = {"conversations", "injections"}
    files = [path for path in data.glob("*.jsonl") if path.stem not in other]
    assert sum(len(read_rows(path, playbook.offers)) for path in files) > 30_000


def test_a_file_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_rows(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(ConfigurationError, match="no rows"):
        read_rows(tmp_path / "empty.jsonl")
