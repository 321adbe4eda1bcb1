import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from tay_middleware.decide.encoder import (
    FORMAT,
    NO_TELEMETRY,
    Encoder,
    is_installed,
    open_encoder,
    opinion_from,
    outputs_of,
)
from tay_middleware.decide.encoding import MAX_TOKENS, encode
from tay_middleware.domain import Message
from tay_middleware.errors import ConfigurationError

NEED = "can you review my pricing structure and tell me what's wrong?"
NO_NEED = "how do i pluck a hairline"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """The encoder that ships; the development set-up installs it."""
    assert is_installed()
    return open_encoder()


@pytest.fixture(scope="module")
def words() -> Tokenizer:
    """A tokenizer of whole words."""
    ids = {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "wig": 3, "glue": 4, "hello": 5}
    unknown = "[UNK]"
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def test_what_was_said_before_stands_first_in_a_segment_of_its_own(words: Tokenizer) -> None:
    encoded = encode(words, "wig glue", (Message("user", "hello"), Message("assistant", "glue")))
    assert encoded.tokens == [0, 5, 1, 4, 1, 3, 4, 1]
    assert encoded.segments == [0, 0, 0, 0, 0, 1, 1, 1]


def test_of_a_long_question_head_and_tail_are_read(words: Tokenizer) -> None:
    encoded = encode(words, "wig " * 3_000 + "glue " * 3_000)
    assert len(encoded.tokens) == len(encoded.segments) == MAX_TOKENS
    assert encoded.tokens[1] == 3
    assert encoded.tokens[-2] == 4


def test_any_string_can_be_encoded(words: Tokenizer) -> None:
    for odd in ("", "\ud800", "\0", "\u202e\u202d", "🧵" * 50):
        assert encode(words, odd).tokens[-1] == 1


def test_it_tells_a_need_from_a_quick_question(encoder: Encoder) -> None:
    need, none = encoder.judge(NEED), encoder.judge(NO_NEED)
    assert need.escalate > 0.5 > none.escalate
    assert need.offer == "mentorship"
    assert sum(need.offers.values()) == pytest.approx(1.0)


def test_one_encoder_serves_many_threads_with_the_same_answers(encoder: Encoder) -> None:
    asked = [NEED, NO_NEED] * 8
    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(encoder.judge, asked))
    assert said == [encoder.judge(text) for text in asked]


def test_offers_exclude_one_another_and_gates_do_not() -> None:
    names = ("escalate", "offer.a", "offer.b", "on_topic", "gate.x", "gate.y")
    card = {"outputs": [{"name": name, "slope": 1.0, "intercept": 0.0} for name in names]}
    opinion = opinion_from(outputs_of(card), [0.0, 1000.0, 1000.0, 0.0, 30.0, 30.0])
    assert opinion.offers == {"a": pytest.approx(0.5), "b": pytest.approx(0.5)}
    assert min(opinion.gates.values()) > 0.99


def a_card(directory: Path, **changes: object) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "card.json").write_text(json.dumps({"format": FORMAT, "outputs": [], **changes}))
    return directory


@pytest.mark.parametrize("damaged", ["tokenizer.json", "model.onnx", "card.json"])
@pytest.mark.parametrize("content", ["", "{}", "not what it should be"])
def test_a_damaged_encoder_is_refused_with_the_reason(
    tmp_path: Path, damaged: str, content: str
) -> None:
    directory = tmp_path / "encoder"
    shutil.copytree(files("tay_encoder"), directory)  # type: ignore[arg-type]  # it is a path
    (directory / damaged).write_text(content)
    with pytest.raises(ConfigurationError, match="no encoder of ours: ") as caught:
        open_encoder(directory)
    assert str(directory) in str(caught.value)


def test_a_card_of_another_model_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    directory = tmp_path / "encoder"
    shutil.copytree(files("tay_encoder"), directory)  # type: ignore[arg-type]  # it is a path
    card = json.loads((directory / "card.json").read_text())
    (directory / "card.json").write_text(json.dumps({**card, "outputs": card["outputs"][:3]}))
    with pytest.raises(ConfigurationError, match="no encoder of ours: "):
        open_encoder(directory)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": 99}, "an encoder of format 99"),
        ({"outputs": [{}]}, "no encoder of ours"),
        ({}, "no encoder of ours"),
    ],
)
def test_a_directory_without_an_encoder_of_ours_is_refused_by_name(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    directory = a_card(tmp_path / "encoder", **changes)
    with pytest.raises(ConfigurationError, match=told) as caught:
        open_encoder(directory)
    assert str(directory) in str(caught.value)


def test_an_encoder_reports_nothing_to_the_maker_of_its_runtime(tmp_path: Path) -> None:
    opened = "from tay_middleware.decide.encoder import open_encoder; open_encoder()"
    home = {name: value for name, value in os.environ.items() if name != NO_TELEMETRY[0]}
    home |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", opened], env=home, check=True)
    assert list(tmp_path.rglob("*")) == []
