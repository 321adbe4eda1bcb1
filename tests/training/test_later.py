"""Rows that came after the encoder was trained are judged by it, and by nobody who met them."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tay_middleware.decide.encoder import Encoder
from tay_middleware.decide.opinion import Opinion
from tay_middleware.domain import Message
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.out_of_fold import (
    Header,
    data_hash,
    read_opinions,
    read_out_of_fold,
    write_out_of_fold,
)
from tay_middleware.training.later import judge_later
from tests.decide.opinions import an_opinion


class AnEncoder(Encoder):
    """As sure of a need as the text is long, in hundredths."""

    def __init__(self) -> None:
        super().__init__(None, None, ())

    def judge(self, text: str, history: Sequence[Message] = ()) -> Opinion:
        return an_opinion(round((len(text) + len(history)) / 100, 2))


def labelled(directory: Path, *authors: str) -> Path:
    """A file with a row of each author."""
    file = directory / f"questions_{'_'.join(authors)}.jsonl"
    rows = (
        {"id": f"{who}1", "author": who, "family": who, "question": f"Hi, {who} asks"}
        for who in authors
    )
    file.write_text("".join(json.dumps({**row, "escalate": False}) + "\n" for row in rows))
    return file


def scored(directory: Path, *learned: Path) -> Path:
    """The opinions on the rows of authors a and b, each left out, and an encoder's card."""
    file = directory / "encoder.jsonl"
    header = Header("encoder", data_hash(learned), {"epochs": 3}, [("a",), ("b",)], 1)
    write_out_of_fold(file, header, {"a1": an_opinion(0.5), "b1": an_opinion(0.25)})
    (directory / "card.json").write_text(json.dumps({"about": {"folds": ["a", "b"]}}))
    return file


def added(directory: Path, opinions: Path, files: Sequence[Path]) -> int:
    return judge_later(
        files, opinions=opinions, directory=directory, open_encoder=lambda _: AnEncoder()
    )


def test_what_came_later_is_judged_and_what_was_known_stays(tmp_path: Path) -> None:
    learned = [labelled(tmp_path, "a"), labelled(tmp_path, "b")]
    opinions = scored(tmp_path, *learned)
    files = [*learned, labelled(tmp_path, "c")]
    assert added(tmp_path, opinions, files) == 1
    found = read_out_of_fold(opinions, files)
    assert found.opinions["a1"] == an_opinion(0.5)
    assert found.opinions["c1"] == an_opinion(0.06)  # "c asks": greetings are no news
    assert found.header.later == ["c"]
    assert found.header.authors == {"a", "b", "c"}


def test_more_may_come_after_that(tmp_path: Path) -> None:
    files = [labelled(tmp_path, "a"), labelled(tmp_path, "b")]
    opinions = scored(tmp_path, *files)
    for name in ("c", "d"):
        files.append(labelled(tmp_path, name))
        assert added(tmp_path, opinions, files) == 1
    assert added(tmp_path, opinions, files) == 0
    assert read_out_of_fold(opinions, files).header.later == ["c", "d"]


def test_an_author_who_was_learned_from_is_no_stranger(tmp_path: Path) -> None:
    learned = [labelled(tmp_path, "a"), labelled(tmp_path, "b")]
    opinions = scored(tmp_path, *learned)
    before = read_opinions(opinions)
    with pytest.raises(ConfigurationError, match=r"questions_a_c\.jsonl: rows of a, of whom"):
        added(tmp_path, opinions, [learned[1], labelled(tmp_path, "a", "c")])
    (tmp_path / "card.json").write_text(json.dumps({"about": {"folds": ["a+c", "b"]}}))
    with pytest.raises(ConfigurationError, match="label files have changed"):
        added(tmp_path, opinions, [*learned, labelled(tmp_path, "c")])
    assert read_opinions(opinions) == before


def test_rows_that_were_learned_from_may_not_have_changed(tmp_path: Path) -> None:
    learned = [labelled(tmp_path, "a"), labelled(tmp_path, "b")]
    opinions = scored(tmp_path, *learned)
    learned[0].write_text(learned[0].read_text().replace("asks", "says"))
    with pytest.raises(ConfigurationError, match="label files have changed"):
        added(tmp_path, opinions, [*learned, labelled(tmp_path, "c")])


def test_a_directory_without_a_card_is_named(tmp_path: Path) -> None:
    learned = [labelled(tmp_path, "a"), labelled(tmp_path, "b")]
    opinions = scored(tmp_path, *learned)
    (tmp_path / "card.json").write_text("[]")
    with pytest.raises(ConfigurationError, match="no encoder of ours with its card"):
        added(tmp_path, opinions, learned)
