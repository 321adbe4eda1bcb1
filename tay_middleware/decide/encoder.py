"""The encoder tier: a fine-tuned MiniLM as int8 ONNX, run by onnxruntime on one thread.

Heavy parts come with the extra `[encoder]` and are imported when the encoder is opened, which takes
most of a second: never in the chat's path. One opened encoder serves any number of threads.
"""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tay_middleware.decide.encoding import encode
from tay_middleware.decide.opinion import OFFER, Opinion, opinion_of, probability
from tay_middleware.domain import Message
from tay_middleware.errors import ConfigurationError

FORMAT = 1
"""Of the card beside the model; another number was written by another version."""

PACKAGE = "tay_encoder"
"""The package that carries the model that ships with this version."""


NO_TELEMETRY = "ORT_DISABLE_TELEMETRY", "1"
"""From 1.32 on onnxruntime keeps an id of the machine in its user's home and reports to its maker;
a chat's server does so only where its operator has set this variable to another value."""


@dataclass(frozen=True, slots=True)
class _Output:
    """One output's name, and what makes a probability of its logit."""

    name: str
    slope: float
    intercept: float


class Encoder:
    """An opened encoder; immutable."""

    def __init__(self, session: Any, tokenizer: Any, outputs: Sequence[_Output]) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._outputs = tuple(outputs)

    def judge(self, text: str, history: Sequence[Message] = ()) -> Opinion:
        """What a question speaks for; takes some milliseconds of one core.

        Args:
            text: of `features.spoken`.
            history: what was said before, oldest first.
        """
        logits = self.logits(text, history)
        return opinion_from(self._outputs, logits)

    def logits(self, text: str, history: Sequence[Message] = ()) -> list[float]:
        """The outputs before calibration."""
        import numpy as np  # noqa: PLC0415 - of the extra

        encoded = encode(self._tokenizer, text, history)
        ones = [1] * len(encoded.tokens)
        fed = {
            "tokens": np.array([encoded.tokens], dtype=np.int64),
            "segments": np.array([encoded.segments], dtype=np.int64),
            "mask": np.array([ones], dtype=np.int64),
        }
        said: list[float] = self._session.run(None, fed)[0][0].tolist()
        return said


def opinion_from(outputs: Sequence[_Output], logits: Sequence[float]) -> Opinion:
    """Calibrated: offers by softmax, since one excludes the others; the rest each alone."""
    scaled = {
        output.name: output.slope * logit + output.intercept
        for output, logit in zip(outputs, logits, strict=True)
    }
    highest = max((value for name, value in scaled.items() if name.startswith(OFFER)), default=0.0)
    return opinion_of(
        {
            name: math.exp(value - highest) if name.startswith(OFFER) else probability(value)
            for name, value in scaled.items()
        }
    )


def outputs_of(card: Mapping[str, Any]) -> tuple[_Output, ...]:
    """The outputs that a card describes, in the order of the model.

    Raises:
        KeyError, TypeError, ValueError: it is no such card.
    """
    return tuple(
        _Output(str(one["name"]), float(one["slope"]), float(one["intercept"]))
        for one in card["outputs"]
    )


def is_installed() -> bool:
    """Whether the extra and a model are there; imports neither."""
    return all(find_spec(name) for name in ("onnxruntime", "tokenizers", PACKAGE))


def open_encoder(directory: Path | None = None) -> Encoder:
    """Open the encoder of a directory; without one that of the installed package.

    Raises:
        ConfigurationError: the extra is missing, or the directory holds no encoder of ours, or a
            damaged one.
    """
    where = directory or _shipped()
    try:
        encoder = _read(where)
        encoder.judge("hello")  # what does not fit together would fail at every question
    except ConfigurationError:
        raise
    except ImportError as error:
        raise ConfigurationError(
            f"the encoder needs {error.name}: pip install 'tay-middleware[encoder]'"
        ) from error
    except Exception as error:  # onnxruntime and tokenizers raise what has no common type
        raise ConfigurationError(f"{where}: no encoder of ours: {error!r}") from error
    return encoder


def _read(where: Path) -> Encoder:
    os.environ.setdefault(*NO_TELEMETRY)  # read when it is imported
    import onnxruntime  # noqa: PLC0415 - of the extra
    import tokenizers  # noqa: PLC0415 - of the extra

    card = json.loads((where / "card.json").read_bytes())
    if card["format"] != FORMAT:
        raise ConfigurationError(
            f"{where}: an encoder of format {card['format']}, this version reads {FORMAT}; "
            "train it again: tay train --encoder"
        )
    for name in ("tokenizer.json", "model.onnx"):
        (where / name).open("rb").close()  # a missing file is then told as one
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        where / "model.onnx", options, providers=["CPUExecutionProvider"]
    )
    tokenizer = tokenizers.Tokenizer.from_file(str(where / "tokenizer.json"))
    return Encoder(session, tokenizer, outputs_of(card))


def _shipped() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "no encoder is installed: in a checkout pip install ./packages/tay_encoder, or point "
            "TAY_ENCODER_DIR at one that tay train --encoder wrote"
        )
    return Path(spec.origin).parent
