"""The cards that people read are those of the scorers that ship."""

import json
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.evals.out_of_fold import data_hash, read_opinions, training_files

CHECKOUT = Path(__file__).resolve().parents[2]
ENCODER = CHECKOUT / "packages" / "tay_encoder" / "tay_encoder"
FILES = {
    "builtin": (CHECKOUT / "tay_middleware" / "decide" / "model.json",) * 2,
    "encoder": (ENCODER / "card.json", ENCODER / "model.onnx"),
}


def read(path: Path) -> Any:
    return json.loads(path.read_bytes())


@pytest.mark.parametrize("tier", FILES)
def test_a_card_is_that_of_the_file_that_ships(tier: str) -> None:
    about, weights = FILES[tier]
    card = read(CHECKOUT / "evals" / "cards" / f"{tier}.json")
    assert card == {**read(about)["about"], "bytes": weights.stat().st_size}


def test_the_built_in_scorer_has_learned_from_the_labels_that_are_here() -> None:
    card = read(CHECKOUT / "evals" / "cards" / "builtin.json")
    assert card["data"] == data_hash(training_files(CHECKOUT / "evals" / "data"))


@pytest.mark.parametrize("tier", FILES)
def test_opinions_are_of_authors_whom_the_card_leaves_out_or_has_not_met(tier: str) -> None:
    card = read(CHECKOUT / "evals" / "cards" / f"{tier}.json")
    header = read_opinions(CHECKOUT / "evals" / "out_of_fold" / f"{tier}.jsonl").header
    folds = [name for fold in card["folds"] for name in fold.split("+")]
    assert sorted(folds) == sorted(name for fold in header.folds for name in fold)
    assert not set(header.later).intersection(folds)
