"""How fast an encoder learns: each of its layers, and over a run. Pure, and without torch."""

from itertools import accumulate, repeat
from operator import mul

BELOW = frozenset({"norm", "segments"})
"""What lies below the layers of the body and learns; embeddings of words and places do not."""


def layer_rates(layers: int, top: float, decay: float) -> tuple[float, ...]:
    """The rate of each depth, from the uppermost layer to what lies below all of them.

    What lies lower knows more of any language. `decay` is the share of the rate of the layer above
    (Howard and Ruder 2018, section 3.2).
    """
    return tuple(accumulate(repeat(decay, layers), mul, initial=top))


def depth_of(parameter: str, layers: int) -> int:
    """How many layers of the body lie above a parameter, by its name (`layers.5.query.weight`).

    Raises:
        ValueError: it is of no part that is known here: without a rate it would never learn.
    """
    part, _, rest = parameter.partition(".")
    if part in BELOW:
        return layers
    number = rest.partition(".")[0]
    if part != "layers" or not number.isdecimal() or int(number) >= layers:
        raise ValueError(f"{parameter} is of no part of the body that has a rate")
    return layers - 1 - int(number)


def slope(step: int, steps: int, warm_up: float) -> float:
    """The share of its rate with which everything learns at a step, counted from 0.

    It rises over the first `warm_up`, a share of all `steps`, and then falls to nothing.
    """
    first = max(1, round(warm_up * steps))
    rising = (step + 1) / first
    falling = (steps - step) / max(1, steps - first)
    return max(0.0, min(rising, falling, 1.0))
