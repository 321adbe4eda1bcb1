"""Refuses an argument that nobody knows: pydantic would drop it, and a shadow run would go live."""

from difflib import get_close_matches
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable
from pydantic import BaseModel

from tay_middleware.errors import ConfigurationError


def only_known(surface: type[BaseModel], given: Any) -> Any:
    """What `surface` was `given`, for a validator that runs before all others.

    Raises:
        ConfigurationError: a name in it is none of the surface's; the nearest one is told.
    """
    known = set(surface.model_fields)
    for name in given if isinstance(given, dict) else ():
        if name not in known:
            nearest = get_close_matches(name, known, 1, 0.6)
            meant = f"; did you mean `{nearest[0]}`?" if nearest else ""
            raise ConfigurationError(f"{surface.__name__} takes no `{name}`{meant}")
    return given


def only_a_model(surface: type[BaseModel], given: Any) -> Any:
    """What `surface` was `given`, for a surface that wraps nothing but chat models.

    Raises:
        ConfigurationError: `bound` is a runnable around a model; the way round that works is told.
    """
    bound = given.get("bound") if isinstance(given, dict) else None
    if isinstance(bound, Runnable) and not isinstance(bound, BaseChatModel):
        raise ConfigurationError(
            f"`bound` is a {type(bound).__name__} and no chat model: wrap the model first, as in "
            f"{surface.__name__}(bound=model).bind_tools(tools) (`bind`, `with_retry` and "
            "`with_fallbacks` alike), or wrap the whole in an EscalationStep"
        )
    return given
