"""A slip of an app that would else be silent for good: a reply that nothing is ever added to."""

from collections.abc import Mapping
from typing import Any

from tay_middleware.engine.telling import tell_once

_TEXT_KEYS = ("answer", "output", "result", "response", "text", "messages")
"""Under which chains, retrieval chains and agents give their reply in a dict."""


def tell_of_dict(output: Any) -> None:
    """Tell of a reply that stands in a dict, to which nothing is ever added."""
    if not isinstance(output, Mapping):
        return
    for name in _TEXT_KEYS:
        if isinstance(output.get(name), str | list):
            tell_once(
                f"what is wrapped ends in a dict, whose {name!r} may be the reply: nothing is ever "
                "added to a dict. Wrap the model inside it"
            )
            return
