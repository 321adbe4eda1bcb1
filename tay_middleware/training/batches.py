"""Rows as a learner meets them, epoch by epoch: shuffled, roughened, cut, and packed into batches.

Roughening (typos, blanked words) is drawn anew in every epoch, so that no spelling is learned by
heart. Posts off the topic are easy and long: each epoch sees a share of them, and of each a piece.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tay_middleware.decide.encoding import Encoded, encode
from tay_middleware.decide.spelling import respelled
from tay_middleware.training.examples import Example, text_of

STEP = 16
"""Lengths are padded to a multiple of this: kernels are compiled once for each shape."""

_POOL = 16
"""Batches that are sorted by length together."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Roughening:
    """How much is changed in an epoch, as shares between 0 and 1 (of rows, words, rows)."""

    typo_share: float
    blank_share: float
    off_topic_share: float
    off_topic_tokens: int


class Epochs:
    """Deals the batches of one epoch after the other; the same seed deals the same."""

    def __init__(
        self,
        examples: Sequence[Example],
        tokenizer: Any,
        roughening: Roughening,
        batch: int,
        seed: int,
    ) -> None:
        self._examples = examples
        self._texts = [text_of(example) for example in examples]
        self._tokenizer = tokenizer
        self._roughening = roughening
        self._batch = batch
        self._random = random.Random(seed)  # noqa: S311 - order and typos, not secrets
        self._blank = tokenizer.token_to_id("[MASK]")

    @property
    def batches_an_epoch(self) -> int:
        """How many batches an epoch has, exactly."""
        return -(-self._rows_an_epoch // self._batch)

    @property
    def _rows_an_epoch(self) -> int:
        aside = sum(not example.on_topic for example in self._examples)
        return len(self._examples) - aside + round(aside * self._roughening.off_topic_share)

    def epoch(self) -> Iterator[tuple[list[Encoded], list[Example]]]:
        """The batches of the next epoch: rows of like length, in random order."""
        rows = [(self._encoded(at), self._examples[at]) for at in self._drawn()]
        pool = self._batch * _POOL
        batches = []
        for first in range(0, len(rows), pool):
            near = sorted(rows[first : first + pool], key=lambda row: len(row[0].tokens))
            batches += [near[at : at + self._batch] for at in range(0, len(near), self._batch)]
        self._random.shuffle(batches)
        for batch in batches:
            yield [encoded for encoded, _ in batch], [example for _, example in batch]

    def _drawn(self) -> list[int]:
        ours = [at for at, example in enumerate(self._examples) if example.on_topic]
        aside = [at for at, example in enumerate(self._examples) if not example.on_topic]
        drawn = ours + self._random.sample(aside, self._rows_an_epoch - len(ours))
        self._random.shuffle(drawn)
        return drawn

    def _encoded(self, at: int) -> Encoded:
        text, example, rough = self._texts[at], self._examples[at], self._roughening
        if self._random.random() < rough.typo_share:
            text = respelled(mistyped(text, self._random))
        encoded = encode(self._tokenizer, text, example.history)
        if not example.on_topic:
            encoded = self._piece(encoded)
        tokens = [
            self._blank if 0 < place < last and self._random.random() < rough.blank_share else token
            for last in (len(encoded.tokens) - 1,)
            for place, token in enumerate(encoded.tokens)
        ]
        return Encoded(tokens, encoded.segments)

    def _piece(self, encoded: Encoded) -> Encoded:
        most = self._roughening.off_topic_tokens
        if len(encoded.tokens) <= most:
            return encoded
        start = self._random.randrange(1, len(encoded.tokens) - most + 1)
        stop = start + most - 2
        return Encoded(
            [encoded.tokens[0], *encoded.tokens[start:stop], encoded.tokens[-1]],
            [encoded.segments[0], *encoded.segments[start:stop], encoded.segments[-1]],
        )


def mistyped(text: str, randomness: random.Random) -> str:
    """The text with one slip of the finger for about every 60 letters, at least one."""
    letters = list(text)
    for _ in range(1 + len(letters) // 60):
        if len(letters) < 4:
            break
        at = randomness.randrange(1, len(letters) - 1)
        slip = randomness.randrange(4)
        if slip == 0:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif slip == 1:
            del letters[at]
        elif slip == 2:
            letters.insert(at, letters[at])
        elif letters[at].isalpha():
            letters[at] = randomness.choice(_LETTERS)
    return "".join(letters)


def padded(rows: Sequence[Encoded]) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens, segments and mask of a batch, each of shape (rows, padded length)."""
    longest = -(-max(len(row.tokens) for row in rows) // STEP) * STEP
    tokens, segments, mask = (
        torch.zeros((len(rows), longest), dtype=torch.int64) for _ in range(3)
    )
    for at, row in enumerate(rows):
        length = len(row.tokens)
        tokens[at, :length] = torch.tensor(row.tokens)
        segments[at, :length] = torch.tensor(row.segments)
        mask[at, :length] = 1
    return tokens, segments, mask
