"""Fine-tuning the encoder: all heads at once, on one shared MiniLM, on the CPU.

Every row teaches the heads that its labels speak of. Rows of a family stay together in a fold
because their author does. The same rows, recipe and seed give the same weights on one machine.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from tay_middleware.decide.encoding import MAX_TOKENS, encode
from tay_middleware.training.base import Base
from tay_middleware.training.batches import Epochs, Roughening, padded
from tay_middleware.training.bert import WIDTH, MiniLM, load_base, mean_of, unseen
from tay_middleware.training.examples import GATES, OFFERS, OUTPUTS, Example, text_of
from tay_middleware.training.rates import depth_of, layer_rates, slope
from tay_middleware.training.vocabulary import kept_ids, pruned_tokenizer


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that shapes a training run beside its rows."""

    epochs: int = 3
    batch: int = 32
    learning_rate: float = 2.25e-4
    layer_decay: float = 0.8
    head_learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warm_up: float = 0.1
    dropout: float = 0.0
    smoothing: float = 0.1
    topic_smoothing: float = 0.025
    gate_smoothing: float = 0.2
    off_topic_share: float = 0.8
    off_topic_tokens: int = 80
    typo_share: float = 0.35
    blank_share: float = 0.05
    gated_weight: float = 0.5
    gate_weight: float = 0.7
    offer_weight: float = 0.5
    seed: int = 20_261_125

    @property
    def roughening(self) -> Roughening:
        """What is changed in the rows of an epoch."""
        return Roughening(
            self.typo_share, self.blank_share, self.off_topic_share, self.off_topic_tokens
        )

    def described(self) -> dict[str, float]:
        """As it stands in a model card."""
        return asdict(self)

    @property
    def name(self) -> str:
        """Short, and another for another recipe."""
        told = repr(sorted(self.described().items())).encode()
        return hashlib.sha256(told).hexdigest()[:12]


class Scorer(nn.Module):
    """MiniLM, read in two ways for each output: as a whole, and where that output looks.

    The mean of a long message drowns the half sentence that a gate hangs on, so each output weighs
    the tokens by an attention of its own as well (Yang et al. 2016, section 2.2, one query each).
    """

    def __init__(self, body: MiniLM) -> None:
        super().__init__()
        self.body = body
        self.heads, self.looks, self.finds = (_linear() for _ in range(3))

    def forward(self, tokens: Tensor, segments: Tensor, mask: Tensor) -> Tensor:
        """Logits of `OUTPUTS`, shape (batch, len(OUTPUTS))."""
        states = self.body(tokens, segments, mask)
        looks = self.looks(states) + unseen(mask, states.dtype)[:, :, None]
        found = (torch.softmax(looks, dim=1) * self.finds(states)).sum(1)
        out: Tensor = self.heads(mean_of(states, mask)) + found
        return out


def _linear() -> nn.Linear:
    made = nn.Linear(WIDTH, len(OUTPUTS))
    nn.init.normal_(made.weight, std=0.02)
    nn.init.zeros_(made.bias)
    return made


@dataclass(frozen=True, slots=True)
class Trained:
    """A fine-tuned scorer with the tokenizer that it was trained with."""

    scorer: Scorer
    tokenizer: Tokenizer


def fine_tune(
    examples: Sequence[Example],
    base: Base,
    recipe: Recipe,
    progress: Callable[[float], None] = lambda _: None,
) -> Trained:
    """Train on `examples`; `progress` is called with the share that is done."""
    torch.manual_seed(recipe.seed)
    kept = kept_ids(base.vocabulary)
    tokenizer = pruned_tokenizer(base.vocabulary, kept)
    scorer = Scorer(load_base(base, kept, MAX_TOKENS, recipe.dropout))
    for fixed in (scorer.body.words, scorer.body.positions):
        fixed.weight.requires_grad = False
    epochs = Epochs(examples, tokenizer, recipe.roughening, recipe.batch, recipe.seed)
    steps = recipe.epochs * epochs.batches_an_epoch
    optimizer, schedule = _optimizer(scorer, recipe, steps)
    scorer.train()
    done = 0
    for _ in range(recipe.epochs):
        for encoded, taught in epochs.epoch():
            with _quick():
                logits = scorer(*padded(encoded))
            loss = _loss(logits.float(), [_targets(example) for example in taught], recipe)
            loss.backward()
            nn.utils.clip_grad_norm_(scorer.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            done += 1
            progress(done / steps)
    scorer.eval()
    return Trained(scorer, tokenizer)


_AT_ONCE = 64
"""Examples that are scored together."""


def logits_of(trained: Trained, examples: Sequence[Example]) -> list[list[float]]:
    """What the scorer says of each example, before export."""
    encoded = [encode(trained.tokenizer, text_of(e), e.history) for e in examples]
    order = sorted(range(len(encoded)), key=lambda at: len(encoded[at].tokens))
    out: list[list[float]] = [[] for _ in encoded]
    with torch.no_grad():
        for first in range(0, len(order), _AT_ONCE):
            places = order[first : first + _AT_ONCE]
            said = trained.scorer(*padded([encoded[at] for at in places])).tolist()
            for at, values in zip(places, said, strict=True):
                out[at] = values
    return out


@dataclass(frozen=True, slots=True)
class _Targets:
    """What a row teaches; NaN where it says nothing. `offer` is an index or -1."""

    escalate: float
    offer: int
    on_topic: float
    gates: tuple[float, ...]
    held: bool


def _targets(example: Example) -> _Targets:
    named = example.offer in OFFERS and example.escalate
    return _Targets(
        escalate=float(example.escalate),
        offer=OFFERS.index(example.offer or "") if named else -1,
        on_topic=float(example.on_topic),
        gates=tuple(
            float(example.gates[gate]) if gate in example.gates else math.nan for gate in GATES
        ),
        held=not example.escalate and any(example.gates.values()),
    )


def _loss(logits: Tensor, targets: Sequence[_Targets], recipe: Recipe) -> Tensor:
    escalate = torch.tensor([target.escalate for target in targets])
    offer = torch.tensor([target.offer for target in targets])
    rest = torch.tensor([[target.on_topic, *target.gates] for target in targets])
    # What a gate holds back says little about whether there is a need: it often looks like one.
    weight = torch.tensor([recipe.gated_weight if target.held else 1.0 for target in targets])
    loss = (_binary(logits[:, 0], escalate, recipe.smoothing) * weight).mean()
    named = offer >= 0
    if bool(named.any()):
        loss = loss + recipe.offer_weight * named.float().mean() * nn.functional.cross_entropy(
            logits[named, 1 : 1 + len(OFFERS)], offer[named], label_smoothing=recipe.smoothing
        )
    known = ~rest.isnan()
    smoothing = torch.tensor([recipe.topic_smoothing, *[recipe.gate_smoothing] * len(GATES)])
    each = _binary(logits[:, 1 + len(OFFERS) :], rest.nan_to_num(), smoothing)
    return loss + recipe.gate_weight * (each * known).sum(1).mean()


def _binary(logits: Tensor, targets: Tensor, smoothing: float | Tensor) -> Tensor:
    soft = targets * (1 - smoothing) + smoothing / 2
    return nn.functional.binary_cross_entropy_with_logits(logits, soft, reduction="none")


def _quick() -> AbstractContextManager[object]:
    """bfloat16 where the processor multiplies in it: half the time, the same figures."""
    if torch.cpu._is_avx512_bf16_supported():  # noqa: SLF001 - there is no public way to ask
        return torch.autocast("cpu", dtype=torch.bfloat16)
    return nullcontext()


def _body_groups(body: MiniLM, recipe: Recipe) -> list[dict[str, Any]]:
    """All of the body that learns, by how deep it lies, each depth at a rate of its own."""
    layers = len(body.layers)
    rates = layer_rates(layers, recipe.learning_rate, recipe.layer_decay)
    groups: list[dict[str, Any]] = [{"params": [], "lr": rate} for rate in rates]
    for name, parameter in body.named_parameters():
        if parameter.requires_grad:
            groups[depth_of(name, layers)]["params"].append(parameter)
    return groups


def _optimizer(
    scorer: Scorer, recipe: Recipe, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    heads = [p for read in (scorer.heads, scorer.looks, scorer.finds) for p in read.parameters()]
    groups = _body_groups(scorer.body, recipe)
    groups.append({"params": heads, "lr": recipe.head_learning_rate})
    optimizer = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, fused=True)
    shares = partial(slope, steps=steps, warm_up=recipe.warm_up)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, shares)
