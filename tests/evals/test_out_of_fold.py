from pathlib import Path

import pytest

from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.out_of_fold import (
    Header,
    data_hash,
    read_out_of_fold,
    training_files,
    write_out_of_fold,
)
from tests.decide.opinions import an_opinion


def written(directory: Path) -> tuple[Path, Path]:
    labels = directory / "questions_a.jsonl"
    labels.write_text('{"id": "a1"}\n')
    file = directory / "opinions" / "builtin.jsonl"
    header = Header("builtin", data_hash([labels]), {"seed": 1}, [("a",)], 1)
    write_out_of_fold(file, header, {"a1": an_opinion(0.25, gates={"minor": 0.5})})
    return labels, file


def test_opinions_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    labels, file = written(tmp_path)
    found = read_out_of_fold(file, [labels])
    assert found.opinions == {"a1": an_opinion(0.25, gates={"minor": 0.5})}
    assert found.header.folds == [["a"]]


def test_a_changed_label_voids_the_opinions(tmp_path: Path) -> None:
    labels, file = written(tmp_path)
    labels.write_text('{"id": "a2"}\n')
    with pytest.raises(ConfigurationError, match="make eval-train"):
        read_out_of_fold(file, [labels])


def test_a_file_that_holds_no_opinions_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text("{}\n")
    with pytest.raises(ConfigurationError, match="no out-of-fold file"):
        read_out_of_fold(file, [])


def test_files_to_report_on_are_never_learned_from(tmp_path: Path) -> None:
    for name in ("questions_a", "conduct_test", "conversations", "injections", "off_topic"):
        (tmp_path / f"{name}.jsonl").touch()
    found = [path.stem for path in training_files(tmp_path)]
    assert found == ["off_topic", "questions_a"]
    with pytest.raises(ConfigurationError, match="no label file"):
        training_files(tmp_path / "nowhere")
