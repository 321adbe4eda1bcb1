import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tay_middleware.domain import Detection, Message, Reason, Stage
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals import Row, Tally, evaluate_keywords, read_rows
from tay_middleware.evals.__main__ import main


class Script:
    """Judges a question by what it says: `yes <offer>`, `gate <name>`, `fail`, anything else no."""

    def detect(self, question: str, transcript: Sequence[Message] = ()) -> Detection:
        word, _, rest = question.partition(" ")
        if word == "fail":
            raise RuntimeError(question)
        escalate = word == "yes" or (word == "history" and bool(transcript))
        return Detection(
            escalate=escalate,
            need=escalate,
            offer=rest or None,
            reason=Reason.STRATEGIC if escalate else None,
            stage=Stage.KEYWORDS,
            scores={},
            gates=(rest,) if word == "gate" else (),
        )


def a_line(
    question: str, label: str | None, family: str = "f", **more: object
) -> dict[str, object]:
    return {
        "id": question,
        "author": "t",
        "family": family,
        "question": question,
        "escalate": label is not None,
        "offer": label,
        **more,
    }


def a_file(directory: Path, *lines: dict[str, object], name: str = "questions_t.jsonl") -> Path:
    path = directory / name
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    return path


def test_every_verdict_is_counted(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        a_line("yes course", "course", "a"),
        a_line("yes course", "mentorship", "b"),
        a_line("yes course", None, "c"),
        a_line("no", "course", "d"),
        a_line("no", None, "e"),
    )
    (report,) = evaluate_keywords([path], Script()).files
    assert report.tally == Tally(found=2, false=1, missed=1, passed=1)
    assert (report.offers_right, report.errors) == (1, 0)
    assert set(report.families) == {"t:a", "t:b", "t:c", "t:d", "t:e"}


def test_a_row_that_fails_is_a_wrong_answer_whatever_its_label(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_line("fail 1", "course", "a"), a_line("fail 2", None, "b"))
    (report,) = evaluate_keywords([path], Script()).files
    assert report.tally == Tally(missed=1, false=1)
    assert report.errors == 2


def test_a_pair_counts_only_when_all_its_rows_are_right(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        a_line("yes course", "course", "right"),
        a_line("no", None, "right"),
        a_line("yes course", "course", "wrong"),
        a_line("yes course", None, "wrong"),
        a_line("yes course", "course", "no pair"),
    )
    (report,) = evaluate_keywords([path], Script()).files
    assert (report.pairs, report.pairs_right) == (2, 1)


def test_gates_are_counted_by_what_they_closed_on(tmp_path: Path) -> None:
    path = a_file(
        tmp_path, a_line("gate minor", None), a_line("gate minor", "course"), a_line("no", None)
    )
    (report,) = evaluate_keywords([path], Script()).files
    assert report.gates == {"minor": (1, 1)}


def test_the_history_of_a_row_is_handed_over(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "hello"}]
    path = a_file(tmp_path, a_line("history course", "course", history=said))
    (report,) = evaluate_keywords([path], Script()).files
    assert report.tally == Tally(found=1)


def test_development_rows_are_never_mixed_with_the_others(tmp_path: Path) -> None:
    known = a_file(tmp_path, a_line("yes course", "course"), name="questions_b.jsonl")
    other = a_file(tmp_path, a_line("no", "course"), a_line("no", None))
    report = evaluate_keywords([known, other], Script())
    assert report.development is not None
    assert report.held_out is not None
    assert report.development.tally == Tally(found=1)
    assert report.held_out.tally == Tally(missed=1, passed=1)


def test_a_row_is_read_whole(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    path = a_file(tmp_path, a_line("q", "course", history=said, slices=["typo"]))
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
        ),
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[]", "is an object"),
        ('{"question": "q"}', "needs a question"),
        ('{"question": 1, "escalate": true}', "needs a question"),
        ('{"question": "q", "escalate": true, "history": [{}]}', "history needs"),
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


# ── the command ───────────────────────────────────────────────────────────────────────────────

GOOD = a_line("Can you review my pricing and tell me what's wrong?", "mentorship", "good")
MISSED = a_line("went up, lost nine. put it back?", "mentorship", "missed")
QUIET = a_line("what glue for oily skin", None, "quiet")


def test_the_report_is_plain_when_piped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = a_file(tmp_path, GOOD, QUIET, name="traffic.jsonl")
    assert main([str(path)]) == 0
    out = capsys.readouterr().out
    assert "rate on traffic.jsonl: 50.0 % of 2 escalate" in out
    assert "not collected from customers" in out
    assert not {"\x1b", "│", "┃", "─"} & set(out)


def test_below_the_floors_the_exit_code_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_file(tmp_path, MISSED, QUIET)
    assert main([str(path)]) == 1
    assert "DO NOT HOLD" in capsys.readouterr().out


def test_development_rows_decide_no_floor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_file(tmp_path, MISSED, name="questions_b.jsonl")
    assert main([str(path)]) == 0
    assert "hold" not in capsys.readouterr().out.replace("threshold", "")


def test_a_file_that_cannot_be_read_is_told_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.jsonl")]) == 2
    told = capsys.readouterr()
    assert "none.jsonl" in told.err
    assert "Traceback" not in told.err


def test_the_shipped_rules_hold_their_floors_on_the_label_files(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 0
    assert "held out" in capsys.readouterr().out
