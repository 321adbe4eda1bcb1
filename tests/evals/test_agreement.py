from pathlib import Path

import pytest

from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.agreement import SecondLabel, agreement, kappa, read_second_labels
from tay_middleware.evals.rows import Row
from tay_middleware.evals.statistics import Tally


def a_row(name: str, offer: str | None) -> Row:
    return Row(name, f"family {name}", "a", f"question {name}", offer is not None, offer)


def test_kappa_is_cohens() -> None:
    # Cohen's own way: (po - pe) / (1 - pe) with po = 0.7 and pe = 0.5.
    assert kappa(Tally(found=20, false=10, missed=5, passed=15)) == pytest.approx(0.4)
    assert kappa(Tally(found=25, passed=25)) == 1.0
    assert kappa(Tally(passed=9)) is None
    assert kappa(Tally()) is None


def test_two_labellers_are_held_against_each_other() -> None:
    rows = [a_row("1", "course"), a_row("2", None), a_row("3", "mentorship"), a_row("4", None)]
    second = {
        "1": SecondLabel(escalate=True, offer="course"),
        "2": SecondLabel(escalate=True, offer="course"),
        "3": SecondLabel(escalate=True, offer="masterclass"),
        "4": SecondLabel(escalate=False, offer=None),
    }
    found = agreement({"q": [*rows, a_row("5", None)]}, second)
    assert found.tally == Tally(found=2, false=1, missed=0, passed=1)
    assert found.offers_agreed == 1
    assert [row.id for row, _ in found.disputed] == ["2", "3"]
    assert found.interval is not None
    assert found.kappa is not None
    assert found.interval.low <= found.kappa <= found.interval.high


def test_a_second_label_of_no_row_is_told() -> None:
    with pytest.raises(ConfigurationError, match="'9'"):
        agreement({"q": [a_row("1", None)]}, {"9": SecondLabel(escalate=True, offer=None)})


def test_rows_of_several_files_that_are_numbered_alike_are_told_apart() -> None:
    files = {"a": [a_row("1", None)], "b": [a_row("1", "course"), a_row("2", "course")]}
    no, yes = SecondLabel(escalate=False, offer=None), SecondLabel(escalate=True, offer="course")
    found = agreement(files, {"a/1": no, "b/1": yes, "2": yes})
    assert (found.tally, found.disputed) == (Tally(found=2, passed=1), ())
    with pytest.raises(ConfigurationError, match=r"'1', a row of several files: .* a/1, b/1"):
        agreement(files, {"1": yes})
    with pytest.raises(ConfigurationError, match="'2' and 'b/2' are second labels of one row"):
        agreement(files, {"2": yes, "b/2": yes})


def test_a_second_label_names_its_offer_in_any_case(tmp_path: Path) -> None:
    file = tmp_path / "second.jsonl"
    file.write_text('{"id": 1, "escalate": true, "offer": "Course"}\n')
    assert read_second_labels(file) == {"1": SecondLabel(escalate=True, offer="course")}


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"id": "1"}', '{"id": "1", "escalate": "yes"}', '{"escalate": true}', "3"]
)
def test_a_line_that_is_no_second_label_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "second.jsonl"
    file.write_text(f'{{"id": "0", "escalate": true, "offer": "course"}}\n{line}\n')
    with pytest.raises(ConfigurationError, match=r"second\.jsonl:2"):
        read_second_labels(file)


def test_a_row_that_is_labelled_twice_in_one_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "second.jsonl"
    file.write_text('{"id": 1, "escalate": true}\n\n{"id": 1, "escalate": false}\n')
    with pytest.raises(ConfigurationError, match="twice"):
        read_second_labels(file)
