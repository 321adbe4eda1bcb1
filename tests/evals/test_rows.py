from pathlib import Path

import pytest

from tay_middleware.domain import Message, Tier
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals import Row, read_rows

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


def test_a_file_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_rows(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(ConfigurationError, match="no rows"):
        read_rows(tmp_path / "empty.jsonl")
