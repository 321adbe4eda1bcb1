"""Refuses what a surface cannot be made of, and says which argument it is and what to write.

An argument that nobody knows pydantic would drop, and a shadow run would go live; of the rest it
tells in words that name no way out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable
from pydantic import BaseModel

from tay_middleware.engine import Escalator
from tay_middleware.engine.given import kind_of
from tay_middleware.errors import ConfigurationError
from tay_middleware.settings import Settings

_MODELS = frozenset({"model", "llm", "chat_model", "chain", "runnable"})
"""What `bound` is called elsewhere."""

_TAKES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "settings": (
        lambda given: isinstance(given, Settings | dict),
        'Settings: `settings=Settings(mode="shadow")`',
    ),
    "escalator": (
        lambda given: isinstance(given, Escalator),
        "an engine: `escalator=Escalator.shared()`, or `step.escalator` of another surface",
    ),
    "input_key": (
        lambda given: isinstance(given, str) or callable(given),
        'a key of the input, `input_key="question"`, or a function of the input',
    ),
}
"""What each argument but `bound` takes; a dict of settings is read as `Settings` are."""


def only_named(surface: type[BaseModel], unnamed: Sequence[object]) -> None:
    """Refuse what was passed without its name.

    Raises:
        ConfigurationError: something was.
    """
    if unnamed:
        raise ConfigurationError(
            f"{surface.__name__} takes its arguments by name: {surface.__name__}(bound=model)"
        )


def only_known(surface: type[BaseModel], given: Any) -> Any:
    """What `surface` was `given`, for a validator that runs before all others.

    Raises:
        ConfigurationError: a name in it is none of the surface's; the nearest one is told.
    """
    if isinstance(given, dict):
        refuse_unknown(surface.__name__, given, surface.model_fields)
    return given


def refuse_unknown(surface: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that are none of `known`.

    Raises:
        ConfigurationError: there is one; what was probably meant is told.
    """
    names = set(known)
    for name in given:
        if name not in names:
            raise ConfigurationError(f"{surface} takes no `{name}`{_meant(name, names)}")


def _meant(name: str, known: set[str]) -> str:
    if name in _MODELS and "bound" in known:
        return "; did you mean `bound`?"
    if name in Settings.model_fields:
        return f"; it is a setting: `settings=Settings({name}=…)`"
    nearest = get_close_matches(name, known, 1, 0.6)
    return f"; did you mean `{nearest[0]}`?" if nearest else ""


def only_fitting(surface: str, given: Any) -> Any:
    """What a surface was `given` beside `bound`, where it fits.

    Raises:
        ConfigurationError: an argument is something else; what it takes is told.
    """
    for name, (fits, takes) in _TAKES.items() if isinstance(given, dict) else ():
        found = given.get(name)
        if found is not None and not fits(found):
            raise ConfigurationError(
                f"`{name}` of {surface} is {kind_of(found)}, and takes {takes}{_belongs(found)}"
            )
    return given


def _belongs(found: object) -> str:
    if isinstance(found, Settings):
        return "; settings go to `settings`"
    if isinstance(found, Escalator):
        return "; an engine goes to `escalator`"
    return ""


def only_a_runnable(surface: type[BaseModel], given: Any) -> Any:
    """What `surface` was `given`, where `bound` can be asked.

    Raises:
        ConfigurationError: it is missing, or no model and no chain; the mend is told.
    """
    if not isinstance(given, dict):
        return given
    name, bound = surface.__name__, given.get("bound")
    if bound is None:
        raise ConfigurationError(f"{name} needs the model that it wraps: {name}(bound=model)")
    if not isinstance(bound, Runnable):
        raise ConfigurationError(
            f"`bound` of {name} is {kind_of(bound)} and no model: {_mend_of(bound)}, as in "
            f"{name}(bound=model)"
        )
    return given


def _mend_of(bound: object) -> str:
    if isinstance(bound, str):
        return "make the model of that name first"
    if isinstance(bound, type):
        return "make one of that class first"
    if callable(bound) or isinstance(bound, dict):
        return "make a chain of it first, by RunnableLambda or RunnableParallel"
    return "pass a chat model, or a chain that ends in one"


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
